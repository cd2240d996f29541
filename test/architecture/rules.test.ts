// Each rule on the smallest tree that breaks it, and on its neighbour that does not.
import { describe, expect, test } from 'vitest'
import { deepImports } from './rules/deep-imports.ts'
import { foreignPlaces } from './rules/foreign-places.ts'
import { fileCircles, packageCircles } from './rules/import-circles.ts'
import { everyPackageHasItsPlace, packageImports } from './rules/package-imports.ts'
import { patientWaits } from './rules/patient-waits.ts'
import { pureDomain } from './rules/pure-domain.ts'
import { fileSizes, folderNames, readmes } from './rules/rooms.ts'
import { parseable } from './rules/sources.ts'
import { toldCommands } from './rules/told-commands.ts'
import { exampleTree, type Rule } from './tree.ts'

/** package.json files of the named folders; each depends on all the others, unless told otherwise. */
function workspace(folders: readonly string[], dependencies?: Record<string, string>): Record<string, object> {
  const nameOf = (folder: string): string => `@dunlin/${folder.split('/').at(-1) ?? ''}`
  const all = Object.fromEntries(folders.map((folder) => [nameOf(folder), 'workspace:*']))
  return Object.fromEntries(
    folders.map((folder) => {
      const { [nameOf(folder)]: _own, ...others } = dependencies ?? all
      return [
        `${folder}/package.json`,
        { name: nameOf(folder), exports: { '.': './src/index.ts' }, devDependencies: others },
      ]
    }),
  )
}

function broken(rule: Rule, files: Record<string, string | object>): string {
  return rule(exampleTree(files)).join('\n')
}

describe('package imports', () => {
  const two = {
    'packages/domain/package.json': { name: '@dunlin/domain', dependencies: { '@dunlin/contracts': '*' } },
    'packages/contracts/package.json': { name: '@dunlin/contracts' },
    'packages/runtime/package.json': { name: '@dunlin/runtime' },
    'packages/testkit/package.json': { name: '@dunlin/testkit' },
  }

  test('an import along an arrow is in order', () => {
    expect(broken(packageImports, { ...two, 'packages/domain/src/a.ts': `import '@dunlin/contracts'` })).toBe('')
  })

  test.for([
    `import { x } from '@dunlin/runtime'`,
    `import type { X } from '@dunlin/runtime'`,
    `export * from '@dunlin/runtime'`,
    `const x = await import('@dunlin/runtime')`,
    `type X = import('@dunlin/runtime').X`,
  ])('an import against the arrows is found: %s', (text) => {
    const files = { ...two, 'packages/domain/src/a.ts': text }
    expect(broken(packageImports, files)).toBe('packages/domain/src/a.ts: must not import @dunlin/runtime')
  })

  test('a forbidden dependency is found although nothing imports it', () => {
    const manifest = { name: '@dunlin/domain', dependencies: { '@dunlin/runtime': '*' } }
    expect(broken(packageImports, { ...two, 'packages/domain/package.json': manifest })).toContain(
      'dependencies must not name @dunlin/runtime',
    )
  })

  test('only tests import testkit', () => {
    const manifest = { name: '@dunlin/domain', devDependencies: { '@dunlin/testkit': '*' } }
    const text = `import { given } from '@dunlin/testkit'`
    const files = { ...two, 'packages/domain/package.json': manifest }
    expect(broken(packageImports, { ...files, 'packages/domain/src/a.test.ts': text })).toBe('')
    expect(broken(packageImports, { ...files, 'packages/domain/src/a.ts': text })).toContain('must not import')
  })

  test('an import that package.json does not name is found', () => {
    const files = { ...two, 'packages/domain/package.json': { name: '@dunlin/domain' } }
    expect(broken(packageImports, { ...files, 'packages/domain/src/a.ts': `import '@dunlin/contracts'` })).toContain(
      'does not name',
    )
  })

  test('a new package needs a place', () => {
    expect(broken(everyPackageHasItsPlace, workspace(['packages/domain']))).toBe('')
    expect(broken(everyPackageHasItsPlace, workspace(['packages/novelty']))).toContain('packages/novelty')
  })
})

describe('doors', () => {
  const files = workspace(['packages/domain', 'packages/contracts'])

  test('a path into another package is found', () => {
    const text = `import { x } from '../../contracts/src/ids.ts'`
    expect(broken(deepImports, { ...files, 'packages/domain/src/a.ts': text })).toContain('leaves packages/domain')
    expect(broken(deepImports, { ...files, 'packages/domain/src/job/a.ts': `import '../ids.ts'` })).toBe('')
  })

  test('a name that is not exported is found', () => {
    const text = `import { x } from '@dunlin/contracts/src/ids.ts'`
    expect(broken(deepImports, { ...files, 'packages/domain/src/a.ts': text })).toContain('not among the exports')
    expect(broken(deepImports, { ...files, 'packages/domain/src/a.ts': `import '@dunlin/contracts'` })).toBe('')
  })
})

test('a file that cannot be parsed is named, and hides nothing of the others', () => {
  const files = { 'a.ts': 'const = 1', 'b.ts': `import './c.ts'`, 'c.ts': `import './b.ts'` }
  expect(broken(parseable, files)).toContain('a.ts: Parse failed')
  expect(broken(fileCircles, files)).toBe('b.ts -> c.ts -> b.ts')
})

describe('circles', () => {
  test('between files, through any number of them', () => {
    const files = { 'a/x.ts': `import './y.ts'`, 'a/y.ts': `import type { Z } from './b/z.ts'`, 'a/b/z.ts': '' }
    expect(broken(fileCircles, files)).toBe('')
    expect(broken(fileCircles, { ...files, 'a/b/z.ts': `export * from '../x.ts'` })).toBe(
      'a/x.ts -> a/y.ts -> a/b/z.ts -> a/x.ts',
    )
  })

  test('a comment and a string are no import', () => {
    const files = { 'x.ts': `// import './y.ts'\nconst a = "import './y.ts'"`, 'y.ts': `import './x.ts'` }
    expect(broken(fileCircles, files)).toBe('')
  })

  test('between packages; tests do not count', () => {
    const files = {
      ...workspace(['packages/nats', 'packages/runtime']),
      'packages/nats/src/a.ts': `import '@dunlin/runtime'`,
    }
    const back = `import '@dunlin/nats'`
    expect(broken(packageCircles, { ...files, 'packages/runtime/src/a.test.ts': back })).toBe('')
    expect(broken(packageCircles, { ...files, 'packages/runtime/src/a.ts': back })).toContain(
      'packages/nats -> packages/runtime -> packages/nats',
    )
  })
})

describe('the pure domain', () => {
  const within = (text: string): string => broken(pureDomain, { 'packages/domain/src/a.ts': text })

  test.for([
    'Date.now()',
    'new Date()',
    'performance.now()',
    'Math.random()',
    'Temporal.Now.instant()',
    'setTimeout(f, 1)',
    'process.env.X',
    'console.log(1)',
    'crypto.randomUUID()',
    'await fetch(url)',
    'globalThis.Date',
    'const f = { process }',
    'import.meta.url',
    `import { readFileSync } from 'node:fs'`,
    `import { z } from 'zod'`,
    `import { nats } from '@dunlin/nats'`,
  ])('finds %s', (text) => {
    expect(within(text)).toContain('packages/domain/src/a.ts')
  })

  test.for([
    'const a = event.process',
    'const a = { process: 1, Date: 2 }',
    '// Date.now()',
    'const a = "new Date()"',
    'Math.max(1, 2)',
    'Temporal.Instant.from(text)',
    `import { x } from '@dunlin/contracts/agent'`,
    `import { x } from './b.ts'`,
  ])('accepts %s', (text) => {
    expect(within(text)).toBe('')
  })

  test('its tests and other packages may do as they like', () => {
    expect(broken(pureDomain, { 'packages/domain/src/a.test.ts': 'Date.now()' })).toBe('')
    expect(broken(pureDomain, { 'packages/runtime/src/clock.ts': 'Date.now()' })).toBe('')
  })
})

describe('rooms', () => {
  test('a package without README, or with an empty one', () => {
    const files = workspace(['packages/domain'])
    expect(broken(readmes, files)).toContain('packages/domain')
    expect(broken(readmes, { ...files, 'packages/domain/README.md': '\n' })).toContain('packages/domain')
    expect(broken(readmes, { ...files, 'packages/domain/README.md': '# domain\n' })).toBe('')
  })

  test('a file of more than 400 lines', () => {
    expect(broken(fileSizes, { 'a.ts': '\n'.repeat(401) })).toContain('a.ts: 401 lines')
    expect(broken(fileSizes, { 'a.ts': '\n'.repeat(400), 'list.json': '\n'.repeat(900) })).toBe('')
  })

  test('a drawer for everything, as a folder or a file', () => {
    expect(broken(folderNames, { 'packages/cli/src/utils/a.ts': '' })).toContain('"utils"')
    expect(broken(folderNames, { 'packages/cli/src/helpers.test.ts': '' })).toContain('"helpers.test.ts"')
    expect(broken(folderNames, { 'packages/cli/src/common-name/miscount.ts': '' })).toBe('')
  })
})

describe('waits of tests', () => {
  const within = (text: string): string => broken(patientWaits, { 'packages/a/src/a.test.ts': text })

  test.for(['vi.waitFor(f)', 'await vi.waitFor(() => f(), { interval: 1 })', 'vi.waitUntil(f, 500)'])(
    'finds %s',
    (text) => expect(within(text)).toContain('a.test.ts: 1 waits'),
  )

  test.for([
    'vi.waitFor(f, 20_000)',
    'vi.waitFor(f, { timeout: 15_000 })',
    'vi.waitFor(f, PATIENCE)',
    'follower.waitFor(4)',
  ])('accepts %s', (text) => expect(within(text)).toBe(''))
})

describe('foreign places', () => {
  // Put together from parts: this file is read by the rule as well.
  const path = (...names: string[]): string => ['', ...names].join('/')

  test.for([
    `see ${path('work', 'main', 'a.ts')}`,
    `cd ${path('root', 'project')}`,
    `"${path('home', 'anna', 'x')}"`,
    `(${path('Users', 'Anna', 'x')})`,
    ['https://registry', 'npmjs', 'org/'].join('.'),
  ])('finds %s', (line) => {
    expect(broken(foreignPlaces, { 'docs/a.md': `first\n${line}\n` })).toContain('docs/a.md:2: names')
  })

  test.for(['https://example.com/work/x', 'a lot of home/work/x', './root/x', '$HOME/.cache', '/var/log/app'])(
    'accepts %s',
    (line) => {
      expect(broken(foreignPlaces, { 'docs/a.md': line })).toBe('')
    },
  )

  test('the lockfile is exempt', () => {
    expect(broken(foreignPlaces, { 'pnpm-lock.yaml': path('root', 'x') })).toBe('')
  })
})

describe('commands that people are told to run', () => {
  const files = (root: object) => ({
    'package.json': root,
    'services/agent/package.json': { name: '@dunlin/agent', bin: { 'dunlin-agent': './bin/a.js' } },
    'README.md': ['Once:', 'pnpm exec dunlin-agent join', 'pnpm exec vitest'].join('\n'),
  })

  test('finds one that an install does not link', () => {
    expect(broken(toldCommands, files({ devDependencies: { vitest: '1' } }))).toBe(
      'README.md:2: dunlin-agent is not linked: the root lacks @dunlin/agent',
    )
  })

  test('accepts one that it does', () => {
    expect(broken(toldCommands, files({ devDependencies: { '@dunlin/agent': 'workspace:*' } }))).toBe('')
  })
})
