/**
 * A real node on a disk that fills up, with a task that shouts: what runs goes on, what cannot be kept is not begun, the node
 * says which of the two it is, obeys what it is told, and is right again as soon as there is room.
 */
import { execFileSync } from 'node:child_process'
import { mkdirSync, readdirSync, rmSync, statfsSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { markedProcesses } from '../chaos/world/marked.ts'
import { readLog } from './read-log.ts'
import { sleeper, startSystem, stateOf, until, type System } from './system.ts'

const DISK = '96m'
const MIB = 1024 * 1024
const LOG_MIB = 4

let system: System
let problem: string | undefined
beforeAll(async () => {
  system = await startSystem({ nodes: 0 })
  const dir = system.nodeDir(1)
  mkdirSync(dir, { recursive: true })
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${DISK}`, 'dunlin-e2e', dir], { stdio: 'pipe' })
  } catch (error) {
    problem = `this machine lets nobody mount a small disk: ${String(error).slice(0, 120)}`
    console.log(`skipped: ${problem}`)
  }
  await system.addAgent(1).ready
})
afterAll(async () => {
  await Promise.all(system.agents.map((agent) => agent.stop()))
  if (problem === undefined) execFileSync('umount', ['-l', system.nodeDir(1)], { stdio: 'pipe' })
  await system.stop()
})

const free = (): number => {
  const { bavail, bsize } = statfsSync(system.nodeDir(1))
  return bavail * bsize
}
const running = (name: string) =>
  until(`${name} runs`, async () => {
    const { state } = (await system.client.jobs.get({ namespace: 'default', name })).status
    if (state.state_type !== 'running') throw new Error(`${state.state_type}: ${state.message}`)
    return true
  })
const logBytes = (): number => {
  const tasks = join(system.nodeDir(1), 'tasks')
  return readdirSync(tasks)
    .flatMap((task) => readdirSync(join(tasks, task, 'logs')).map((name) => join(tasks, task, 'logs', name)))
    .reduce((sum, file) => sum + (statSync(file, { throwIfNoEntry: false })?.size ?? 0), 0)
}
const problemsOf = async (): Promise<readonly string[]> =>
  ((await system.client.nodes.get('edge-1')).warnings ?? []).map(({ code }) => code)

describe('a task that writes 100 MB/s', () => {
  it('keeps to its bound, and takes nothing from the others', async ({ skip }) => {
    if (problem !== undefined) skip(problem)
    await system.client.jobs.apply({ spec: sleeper('quiet') })
    await running('quiet')
    const config = {
      command: '/bin/sh',
      // About 100 MB/s: "yes" alone writes 30 times as much where nothing holds it up, and fills a disk of this size between two looks.
      args: ['-c', 'while :; do head -c 2000000 /dev/zero; sleep 0.02; done'],
      logs: { max_file_size: `${LOG_MIB}MiB`, max_files: 2 },
    }
    await system.client.jobs.apply({ spec: sleeper('shouts', { config }) })
    await running('shouts')
    // Twice the disk: without a bound it would be full by then.
    let written = 0
    let last = 0
    await until('it wrote more than the disk holds', () => {
      const now = logBytes()
      written += Math.abs(now - last)
      last = now
      return written > 200 * MIB || undefined
    })
    expect(free()).toBeGreaterThan(8 * MIB)
    expect(await problemsOf()).toEqual([])
    expect(await stateOf(system, { namespace: 'default', name: 'quiet' })).toBe('running')
    await system.client.jobs.stop({ namespace: 'default', name: 'shouts' })
    await until(
      'it is stopped',
      async () => (await stateOf(system, { namespace: 'default', name: 'shouts' })) === 'stopped' || undefined,
    )
  })
})

describe('a disk that others have filled', () => {
  const ballast = (): string => join(system.nodeDir(1), 'ballast')
  it('is told by its own code; what runs goes on, what is new waits, and the node obeys', async ({ skip }) => {
    if (problem !== undefined) skip(problem)
    fill(ballast())
    const rollout = {
      health_check: { interval: '200ms', success_threshold: 1, failure_threshold: 500, deadline: '120s' },
    }
    await system.client.jobs.apply({ spec: sleeper('late', { rollout }) })
    await until(
      'the log says why it does not start',
      async () =>
        (await readLog(system.client)).some(({ events }) => JSON.stringify(events).includes('"disk_full"')) ||
        undefined,
    )
    expect((await system.client.nodes.get('edge-1')).connection).toBe('connected')
    expect(await stateOf(system, { namespace: 'default', name: 'quiet' })).toBe('running')
    expect(tasksOf('late')).toBe(0)
    await system.client.jobs.stop({ namespace: 'default', name: 'quiet' })
    await until('what shall stop is stopped', () => tasksOf('quiet') === 0 || undefined)
  })
  it('is right again by itself when there is room', async ({ skip }) => {
    if (problem !== undefined) skip(problem)
    rmSync(ballast())
    await running('late')
    expect(tasksOf('late')).toBeGreaterThan(0)
  })
})

const tasksOf = (job: string): number => markedProcesses(system.dir).filter((one) => one.job === job).length

/** Until not one more byte fits. */
const fill = (file: string): void => {
  for (let block = MIB; block >= 1; block = Math.floor(block / 4))
    for (;;) {
      try {
        writeFileSync(file, Buffer.alloc(block), { flag: 'a' })
      } catch {
        break
      }
    }
}
