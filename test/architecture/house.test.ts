// The rules of the house, on the real tree. That each of them can fail is shown in rules.test.ts.
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { deepImports } from './rules/deep-imports.ts'
import { foreignPlaces } from './rules/foreign-places.ts'
import { fileCircles, packageCircles } from './rules/import-circles.ts'
import { everyPackageHasItsPlace, packageImports } from './rules/package-imports.ts'
import { patientWaits } from './rules/patient-waits.ts'
import { pureDomain } from './rules/pure-domain.ts'
import { fileSizes, folderNames, readmes } from './rules/rooms.ts'
import { parseable } from './rules/sources.ts'
import { toldCommands } from './rules/told-commands.ts'
import { packagesOf } from './packages.ts'
import { readTree } from './tree.ts'

const tree = readTree(join(import.meta.dirname, '..', '..'))

test('the tree that is checked is the whole one', () => {
  expect(tree.has('package.json')).toBe(true)
  expect(packagesOf(tree).map(({ folder }) => folder)).toEqual(
    expect.arrayContaining(['packages/domain', 'services/api', 'infra', 'infra/nats', 'test']),
  )
})

test.for([
  ['every source can be parsed', parseable],
  ['a package imports only what the architecture allows', packageImports],
  ['every package has its place in the architecture', everyPackageHasItsPlace],
  ['nobody reaches into the folder of another package', deepImports],
  ['no circle between files', fileCircles],
  ['no circle between packages', packageCircles],
  ['the domain touches no clock, no randomness and no I/O', pureDomain],
  ['every package has a README', readmes],
  ['no source file is longer than 400 lines', fileSizes],
  ['no drawer for everything', folderNames],
  ['every command of ours that people are told to run is linked', toldCommands],
  ['a test waits long enough for a busy machine', patientWaits],
  ['nothing names a registry or a folder of one machine', foreignPlaces],
] as const)('%s', ([, rule]) => {
  expect(rule(tree)).toEqual([])
})
