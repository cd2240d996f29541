/** Who a node is: the same after every restart, and after every accident either the same or nobody. */
import { DunlinError, type NodeId } from '@dunlin/contracts/agent'
import { seededRandom, systemClock } from '@dunlin/runtime/agent'
import { existsSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { writeMembership } from './credentials/membership.ts'
import { nodeIdentity } from './identity.ts'
import { makeDataDir } from './testing/node.ts'

let root: string
let dataDir: string
beforeEach(() => {
  root = makeDataDir()
  dataDir = join(root, 'deep', 'data')
})
afterEach(() => rmSync(root, { recursive: true, force: true }))

const random = seededRandom(3)
const identity = (wanted?: string): string => nodeIdentity(dataDir, wanted, { clock: systemClock, random })
const refusal = (wanted?: string): string => {
  try {
    return `no refusal, but ${identity(wanted)}`
  } catch (error) {
    return error instanceof DunlinError ? `${error.code}: ${error.message} ${error.hint}` : String(error)
  }
}
const file = (): string => join(dataDir, 'node-id')
const left = (text: string): void => {
  mkdirSync(dataDir, { recursive: true })
  writeFileSync(file(), text)
}
const enrolAs = (node: string): void =>
  writeMembership(dataDir, { s: 1, node: node as NodeId, server: 'http://here', natsUrls: ['nats://here'], labels: {} })

describe('a node', () => {
  it('gets an identity once, or the one it is given, and keeps it', () => {
    const made = identity()
    expect(made).toMatch(/^n-[0-9a-z]{26}$/)
    expect(readFileSync(file(), 'utf8')).toBe(`${made}\n`)
    expect(statSync(file()).mode & 0o777).toBe(0o600)
    writeFileSync(join(dataDir, 'journal.db'), '')
    expect([identity(), identity(made)]).toEqual([made, made])
    expect(refusal('edge-1')).toContain(`says "${made}", but --node-id is "edge-1"`)
  })

  it('may be given another name as long as it has neither joined nor run', () => {
    identity('edge-1')
    expect(identity('edge-4')).toBe('edge-4')
    expect(identity()).toBe('edge-4')
    enrolAs('edge-4')
    expect(refusal('edge-5')).toContain('says "edge-4"')
    expect(refusal('no id')).toContain('but --node-id is')
  })

  it.each([
    ['empty', '', 'is empty'],
    ['a line without a name', '\n', 'is empty'],
    ['cut', 'n-01kan5', 'was cut'],
    ['noise', '\0\0\0\n', 'was cut, or is no id'],
  ])('does not become another one when the file is %s', (_, text, sentence) => {
    left(text)
    expect(refusal()).toMatch(/^corrupt_document: /)
    expect(refusal()).toContain(sentence)
    expect(refusal()).toContain('--node-id ID')
    expect(readFileSync(file(), 'utf8')).toBe(text)
    // Whoever knows who it is may say so.
    expect(identity('edge-1')).toBe('edge-1')
    expect(identity()).toBe('edge-1')
  })

  it('does not become another one when the file is gone, or cannot be read', () => {
    mkdirSync(dataDir, { recursive: true })
    writeFileSync(join(dataDir, 'journal.db'), '')
    expect(refusal()).toContain('is missing, and a node has run here')
    expect(existsSync(file())).toBe(false)
    mkdirSync(file())
    expect(refusal('edge-1')).toContain('cannot be read: EISDIR')
  })

  it('is who its credentials say, whatever became of the file', () => {
    for (const text of [undefined, '', 'edge']) {
      if (text !== undefined) left(text)
      enrolAs('edge-1')
      expect([identity(), readFileSync(file(), 'utf8')]).toEqual(['edge-1', 'edge-1\n'])
    }
    left('edge-2\n')
    expect(refusal()).toContain('the credentials beside it belong to "edge-1"')
  })
})
