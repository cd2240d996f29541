import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { root } from './root.mjs'
import { isUpToDate, leaveStamp, workspaceFolders } from './stamp.mjs'

let clone: string

function write(path: string, content: string): void {
  mkdirSync(dirname(join(clone, path)), { recursive: true })
  writeFileSync(join(clone, path), content)
}

beforeEach(() => {
  clone = mkdtempSync(join(tmpdir(), 'dunlin-stamp-'))
  write('pnpm-lock.yaml', 'lock: 1\n')
  write('pnpm-workspace.yaml', 'packages:\n  - packages/*\n  - infra\n\ncatalog:\n  zod: 4\n')
  write('package.json', '{"name": "root", "scripts": {"a": "b"}}')
  write('packages/one/package.json', '{"name": "one"}')
  write('packages/empty/note.txt', 'no package')
  write('infra/package.json', '{"name": "infra"}')
  mkdirSync(join(clone, 'node_modules'))
  leaveStamp(clone)
})

afterEach(() => rmSync(clone, { recursive: true }))

test('nothing changed: nothing to install', () => {
  expect(isUpToDate(clone)).toBe(true)
})

test.for([
  ['the lockfile', 'pnpm-lock.yaml', 'lock: 2\n'],
  ['the workspace', 'pnpm-workspace.yaml', 'packages:\n  - packages/*\n  - infra\n\ncatalog:\n  zod: 5\n'],
  ['a dependency of a package', 'packages/one/package.json', '{"name": "one", "dependencies": {"zod": "4"}}'],
  ['a new package', 'packages/two/package.json', '{"name": "two"}'],
  ['the Node binary', 'node_modules/node/bin/node', 'other'],
] as const)('%s changed: install again', ([, path, content]) => {
  write(path, content)
  expect(isUpToDate(clone)).toBe(false)
})

test('a changed script installs nothing', () => {
  write('package.json', '{"name": "root", "scripts": {"a": "c"}}')
  expect(isUpToDate(clone)).toBe(true)
})

test('node_modules removed: install again', () => {
  rmSync(join(clone, 'node_modules'), { recursive: true })
  expect(isUpToDate(clone)).toBe(false)
})

test('the workspace folders are those with a package.json', () => {
  expect(workspaceFolders(clone)).toEqual(['.', 'infra', 'packages/one'])
  expect(workspaceFolders(root)).toEqual(expect.arrayContaining(['.', 'infra/nats', 'packages/domain', 'services/api']))
})
