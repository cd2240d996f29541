/** What is left over, what is missing and what is of an old version is told; what is as it should be is not. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { ChaosJob } from '../load/jobs.ts'
import type { Marked } from '../world/marked.ts'
import { differences } from './converged.ts'
import { readWishes } from './wished.ts'
import type { Witnessed } from './witness.ts'

let nodesDir: string
beforeAll(() => {
  nodesDir = mkdtempSync(join(tmpdir(), 'dunlin-converged-'))
})
afterAll(() => rmSync(nodesDir, { recursive: true }))

const job = (over: Partial<ChaosJob> = {}): ChaosJob => ({
  name: 'keeper',
  behaviour: 'keeps',
  on: 'first',
  rollout: {},
  restartPolicy: 'always',
  ...over,
})
const process = (over: Partial<Marked> = {}): Marked => ({
  pid: 10,
  parent: 1,
  group: 10,
  node: 'edge-1',
  execution: 'x',
  attempt: 1,
  job: 'keeper',
  mark: 'm-keeper-2',
  command: 'sh',
  ...over,
})
const spec = (mark: string) => ({ type: 'JobUpdated', spec: { config: { env: { MARK: mark } } } })
const log = (...events: { readonly type: string }[]) =>
  events.map((event, i) => ({ seq: i, subject: 'evt.job.default.keeper', v: i, cmd: '', at: 0, events: [event] }))
const told = (tasks: readonly Marked[], over: Partial<ChaosJob> = {}, witnessed: readonly Witnessed[] = []) =>
  differences({
    nodesDir,
    managedFile: join(nodesDir, 'managed'),
    nodes: 2,
    jobs: [job(over)],
    wishes: readWishes(log(spec('m-keeper-1'), spec('m-keeper-2'))),
    tasks,
    witnessed,
    waits: (execution) => execution === 'waits',
  })

describe('a job that runs until it is stopped', () => {
  it('is right with one attempt of its latest version on each of its nodes', () => {
    expect(told([process(), process({ pid: 11, parent: 10 })])).toEqual([])
  })
  it.each([
    ['does not run', []],
    ['is of another version', [process({ mark: 'm-keeper-1' })]],
    ['runs as', [process(), process({ pid: 20, group: 20, attempt: 2 })]],
    ['is left over', [process(), process({ pid: 20, group: 20, node: 'edge-2' })]],
  ])('%s', (what, tasks) => {
    expect(told(tasks).join('\n')).toContain(what)
  })
  it('is right between two attempts of its latest version', () => {
    const start: Witnessed = { is: 'start', node: 'edge-1', execution: 'waits', attempt: 6, what: 'keeper', more: '' }
    expect(told([], {}, [{ ...start, more: 'm-keeper-2' }])).toEqual([])
    expect(told([], {}, [{ ...start, more: 'm-keeper-1' }])).toHaveLength(1)
    expect(told([], {}, [{ ...start, more: 'm-keeper-2', execution: 'y' }])).toHaveLength(1)
  })
  it('is right between two attempts of a pipeline, which its order tells', () => {
    const task = join(nodesDir, 'edge-1', 'tasks', 'waits')
    mkdirSync(task, { recursive: true })
    writeFileSync(join(task, 'pipeline.json'), '{"path": "m-keeper-1.log"}')
    expect(told([], { behaviour: 'pipeline' })).toHaveLength(1)
    writeFileSync(join(task, 'pipeline.json'), '{"path": "m-keeper-2.log"}')
    expect(told([], { behaviour: 'pipeline' })).toEqual([])
  })
  it('leaves nothing when it is stopped', () => {
    const wishes = readWishes(log(spec('m-keeper-1'), { type: 'JobStopped' }))
    const seen = { nodesDir, managedFile: '', nodes: 1, jobs: [job()], wishes, witnessed: [], waits: () => true }
    expect(differences({ ...seen, tasks: [] })).toEqual([])
    expect(differences({ ...seen, tasks: [process()] })).toHaveLength(1)
  })
})

it('a node that is drained shall be empty until it is taken back', () => {
  const drained = { seq: 9, subject: 'evt.node.edge-1', v: 9, cmd: '', at: 0, events: [{ type: 'NodeDrained' }] }
  const back = { ...drained, seq: 10, events: [{ type: 'NodeUncordoned' }] }
  const seen = {
    nodesDir,
    managedFile: '',
    nodes: 1,
    jobs: [job()],
    witnessed: [],
    tasks: [process()],
    waits: () => true,
  }
  const entries = log(spec('m-keeper-2'))
  expect(differences({ ...seen, wishes: readWishes([...entries, drained]) })).toHaveLength(1)
  expect(differences({ ...seen, wishes: readWishes([...entries, drained, back]) })).toEqual([])
})

it('a file that is managed holds its latest version', () => {
  const managedFile = join(nodesDir, 'managed')
  const jobs = [job({ behaviour: 'config' })]
  const wishes = readWishes(log(spec('m-keeper-2')))
  const seen = { nodesDir, managedFile, nodes: 1, jobs, wishes, witnessed: [], tasks: [], waits: () => false }
  expect(differences(seen)).toHaveLength(1)
  writeFileSync(managedFile, 'm-keeper-1\n')
  expect(differences(seen)).toHaveLength(1)
  writeFileSync(managedFile, 'm-keeper-2\n')
  expect(differences(seen)).toEqual([])
})

it('a job that completes is right when its latest version said so', () => {
  const fact = { node: 'edge-1', execution: 'x', attempt: 1 }
  const start: Witnessed = { ...fact, is: 'start', what: 'keeper', more: 'm-keeper-2' }
  const exit: Witnessed = { ...fact, is: 'exit', what: '0', more: '' }
  const batch = { behaviour: 'completes' } as const
  expect(told([], batch, [start, exit])).toEqual([])
  expect(told([], batch, [start])).toHaveLength(1)
  expect(told([], batch, [{ ...start, execution: 'waits' }])).toEqual([])
  expect(told([], batch, [{ ...start, more: 'm-keeper-1' }, exit])).toHaveLength(1)
  expect(told([process()], batch, [start, exit])).toHaveLength(1)
})
