/** When logs are looked at, on a virtual clock and with watches that the test tells what to say. */
import type { Content } from '@dunlin/contracts/agent'
import { silentLogger } from '@dunlin/runtime/agent'
import { createVirtualClock } from '@dunlin/testkit'
import { appendFileSync, mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { beforeEach, describe, expect, it, vi } from 'vitest'
import type { Driver, Task } from '../drivers/driver.ts'
import { countingDriver } from '../testing/counting-driver.ts'
import { makeDataDir } from '../testing/node.ts'
import type { Execution } from './execution.ts'
import { watchFolder } from './folder-watch.ts'
import { createLogWatch, type LogWatch } from './log-watch.ts'

const content: Content = { type: 'process', config: {}, restartPolicy: 'never', executionTimeoutMs: 0 }
const task = { dir: '/tasks/x', content, attempt: 1 } as Task
const running = (): Execution => ({ phase: { is: 'running' } }) as Execution

let clock: ReturnType<typeof createVirtualClock>
/** What the driver answers next; the last one stays. */
let answers: number[]
let looks: number
let open: Map<string, () => void>
let refuse: NodeJS.ErrnoException | undefined
let warned: string[]
let written: number
let logs: LogWatch
let one: Execution
let driver: Driver

const look = (executions: readonly Execution[] = [one]): number =>
  logs.look(executions.map((execution) => [execution, { task, driver }] as const)) - clock.monotonicMs()

beforeEach(() => {
  clock = createVirtualClock(0)
  answers = [Infinity]
  looks = 0
  open = new Map()
  refuse = undefined
  warned = []
  written = 0
  one = running()
  driver = {
    ...countingDriver(() => 0),
    rotateLogs: () => {
      looks += 1
      return answers.length > 1 ? answers.shift() : answers[0]
    },
  }
  logs = createLogWatch({
    clock,
    logger: { ...silentLogger, warn: (message) => void warned.push(message) },
    onWritten: () => (written += 1),
    watch: (path, onChange) => {
      if (refuse) throw refuse
      open.set(path, onChange)
      return { close: () => void open.delete(path) }
    },
  })
})

describe('the logs of a task', () => {
  it('are watched while it is quiet, and looked at once more behind the beginning of the watch', () => {
    expect(look()).toBe(10_000)
    expect([...open.keys()]).toEqual(['/tasks/x/logs'])
    expect(looks).toBe(2)
  })

  it('are looked at as often as the driver wants when something came between the look and the watch', () => {
    answers = [Infinity, 25]
    expect(look()).toBe(25)
  })

  it('are looked at right away when it writes, and watched again when it is quiet again', async () => {
    look()
    const tell = open.get('/tasks/x/logs')
    open.clear()
    answers = [25, 250, Infinity]
    tell?.()
    expect(written).toBe(1)
    expect(look()).toBe(25)
    await clock.run(clock.monotonicMs() + 25)
    expect(look()).toBe(250)
    expect(open.size).toBe(0)
    await clock.run(clock.monotonicMs() + 250)
    expect(look()).toBe(10_000)
    expect(open.size).toBe(1)
  })

  it('are looked at every 10 s behind a watch that says nothing', async () => {
    look()
    answers = [100]
    await clock.run(clock.monotonicMs() + 9_000)
    expect(look()).toBe(1_000)
    await clock.run(clock.monotonicMs() + 1_000)
    expect(look()).toBe(100)
  })

  it('are looked at four times a second where the machine grants no watch, which is said once', async () => {
    refuse = Object.assign(new Error('no space left'), { code: 'ENOSPC' })
    expect(look([one, running()])).toBe(250)
    await clock.run(clock.monotonicMs() + 250)
    expect(look()).toBe(250)
    expect(warned).toEqual(['logs cannot be watched; they are looked at instead'])
    refuse = undefined
    await clock.run(clock.monotonicMs() + 60_000)
    expect(look()).toBe(10_000)
  })

  it('are looked at until the folder is there, without a word', () => {
    refuse = Object.assign(new Error('not there'), { code: 'ENOENT' })
    expect(look()).toBe(250)
    expect(warned).toEqual([])
  })

  it('are looked at when the command begins, whatever was due', () => {
    one.phase = { is: 'starting' }
    expect(look()).toBe(10_000)
    one.phase = { is: 'running' }
    answers = [25]
    expect(look()).toBe(25)
  })

  it('are not watched any more when it is over', () => {
    look()
    expect(look([])).toBe(Infinity)
    expect(open.size).toBe(0)
    look()
    logs.stop()
    expect(open.size).toBe(0)
  })
})

describe('a watch of a folder', () => {
  it('tells the first write, and that the folder goes, once', async () => {
    const dir = makeDataDir()
    const folder = join(dir, 'logs')
    mkdirSync(folder)
    let told = 0
    watchFolder(folder, () => (told += 1))
    for (let n = 0; n < 5; n++) appendFileSync(join(folder, 'stdout'), 'line\n')
    await vi.waitFor(() => expect(told).toBe(1), 20_000)
    watchFolder(folder, () => (told += 1))
    rmSync(folder, { recursive: true })
    await vi.waitFor(() => expect(told).toBe(2), 20_000)
    expect(() => watchFolder(folder, () => {})).toThrow('ENOENT')
    rmSync(dir, { recursive: true })
  })
})
