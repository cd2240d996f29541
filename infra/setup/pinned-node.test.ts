import { expect, test } from 'vitest'
import { assertHostNode, assertPinnedNode, pinnedNode, pinnedVersion } from './pinned-node.mjs'
import { root } from './root.mjs'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

test('the tests run on the Node that pnpm-workspace.yaml pins', () => {
  expect(process.version).toBe(`v${pinnedVersion(root)}`)
})

test('the installed binary is the pinned version', async () => {
  await expect(assertPinnedNode(root)).resolves.toBeUndefined()
  expect(pinnedNode(root)).toContain('node@')
})

test('a host that is too old is told so', () => {
  expect(() => assertHostNode('18.20.1')).toThrow('needs 20')
  expect(() => assertHostNode('20.0.0')).not.toThrow()
})

test('a binary of another version, or none, is refused by name', async () => {
  const clone = mkdtempSync(join(tmpdir(), 'dunlin-setup-'))
  try {
    writeFileSync(join(clone, 'pnpm-workspace.yaml'), 'nodeVersion: 99.1.2\n')
    await expect(assertPinnedNode(clone)).rejects.toThrow('holds no Node v99.1.2')
    const bin = join(clone, 'node_modules', 'node', 'bin')
    mkdirSync(bin, { recursive: true })
    writeFileSync(join(bin, 'node'), '#!/bin/sh\necho v20.1.0\n', { mode: 0o755 })
    await expect(assertPinnedNode(clone)).rejects.toThrow('is v20.1.0, pinned is v99.1.2')
  } finally {
    rmSync(clone, { recursive: true })
  }
})
