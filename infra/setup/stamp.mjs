// Whether node_modules fits the lockfile, answered in a few milliseconds: a stamp with the hash of everything that an
// install depends on is left in node_modules after it succeeded. Whoever removes node_modules removes the stamp.
import { createHash } from 'node:crypto'
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { pinnedNode } from './pinned-node.mjs'

const stampFile = join('node_modules', '.dunlin-setup')

/** The parts of a package.json that decide what is installed; a changed script or description installs nothing. */
const installedBy = [
  'name',
  'version',
  'dependencies',
  'devDependencies',
  'optionalDependencies',
  'peerDependencies',
  'bin',
]

function wantedStamp(root) {
  const hash = createHash('sha256')
  for (const file of ['pnpm-lock.yaml', 'pnpm-workspace.yaml']) hash.update(readFileSync(join(root, file)))
  for (const folder of workspaceFolders(root)) {
    const manifest = JSON.parse(readFileSync(join(root, folder, 'package.json'), 'utf8'))
    hash.update(JSON.stringify([folder, ...installedBy.map((key) => manifest[key] ?? null)]))
  }
  // A node_modules that was copied from another platform does not fit, nor one whose Node was replaced or removed.
  hash.update(`${process.platform} ${process.arch} ${nodeIdentity(root)}`)
  return hash.digest('hex')
}

export function isUpToDate(root) {
  const file = join(root, stampFile)
  return existsSync(file) && readFileSync(file, 'utf8') === wantedStamp(root)
}

export function leaveStamp(root) {
  writeFileSync(join(root, stampFile), wantedStamp(root))
}

/** Stands for the version of the binary, without starting it: it was asked before the stamp was left. */
function nodeIdentity(root) {
  const path = pinnedNode(root)
  if (path === undefined) return 'none'
  const { size, mtimeMs } = statSync(path)
  return `${size} ${mtimeMs}`
}

/** The folders named under `packages:` in pnpm-workspace.yaml, and the root itself. */
export function workspaceFolders(root) {
  const yaml = readFileSync(join(root, 'pnpm-workspace.yaml'), 'utf8')
  const list = /^packages:\n((?: +- .+\n)+)/m.exec(yaml)?.[1] ?? ''
  const patterns = list.split('\n').flatMap((line) => line.replace(/^ +- /, '').trim() || [])
  const folders = patterns.flatMap((pattern) =>
    pattern.endsWith('/*') ? subfolders(root, pattern.slice(0, -2)) : [pattern],
  )
  return ['.', ...folders]
    .filter((folder) => existsSync(join(root, folder, 'package.json')))
    .toSorted((a, b) => (a < b ? -1 : 1))
}

function subfolders(root, parent) {
  return readdirSync(join(root, parent)).map((name) => `${parent}/${name}`)
}
