/** `dunlin results --save`: which files there are when nodes were cut off in the middle. */
import type { Client } from '@dunlin/client'
import type { ResultRecord } from '@dunlin/contracts'
import { Command } from 'commander'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import type { Io } from '../io.ts'
import { addResults } from './results.ts'

const X = '01J00000000000000000000002' as Extract<ResultRecord, { type: 'data' }>['execution']
let dir: string
beforeEach(() => (dir = mkdtempSync(join(tmpdir(), 'dunlin-results-'))))
afterEach(() => {
  rmSync(dir, { recursive: true })
  process.exitCode = undefined
})

const save = async (records: readonly ResultRecord[]): Promise<string> => {
  let out = ''
  const io: Io = {
    out: (text) => void (out += String(text)),
    err: () => {},
    readStdin: async () => Buffer.alloc(0),
    env: {},
    style: (_, text) => text,
    styleErr: (_, text) => text,
    terminal: () => undefined,
    interrupted: new AbortController().signal,
  }
  const client = {
    jobs: {
      results: async function* () {
        yield* records
      },
    },
  } as unknown as Client
  const program = new Command()
  addResults(program, { io, client: () => client })
  await program.parseAsync(['results', 'q', '--save', dir], { from: 'user' })
  return out
}
const head = (node: string): ResultRecord => ({
  type: 'result',
  node,
  execution: X,
  format: 'csv',
  columns: [],
  rows: 1,
  bytes: 2,
  truncated: false,
  millis: 1,
})

it('gives a file its name only when it is whole', async () => {
  const out = await save([
    head('n1'),
    head('n2'),
    { type: 'data', node: 'n1', execution: X, text: 'a\n' },
    { type: 'data', node: 'n2', execution: X, text: 'b' },
    { type: 'done', node: 'n1' },
    {
      type: 'node',
      node: 'n2',
      is: 'interrupted',
      problem: {
        type: 'about:blank',
        title: 't',
        status: 502,
        code: 'stream_interrupted',
        detail: 'lost',
        retryable: true,
      },
    },
    { type: 'end' },
  ])
  expect(readdirSync(dir).toSorted()).toEqual(['n1.csv', 'n2.csv.part'])
  expect(readFileSync(join(dir, 'n1.csv'), 'utf8')).toBe('a\n')
  expect(out).toBe(`${join(dir, 'n1.csv')}\n`)
  expect(process.exitCode).toBe(1)
})
