/** What a cut of the power leaves of an attempt: its claim may be gone although its command has run. */
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { makeDataDir, newId, sh } from '../testing/node.ts'
import type { Task } from './driver.ts'
import { inspectProcess, launch, stopProcess } from './launch.ts'
import { readText } from './task-dir.ts'

let dir: string
beforeEach(() => {
  dir = makeDataDir()
})
afterEach(() => rmSync(dir, { recursive: true, force: true }))

const taskOf = (restartPolicy: 'never' | 'on-failure'): Task => ({
  execution: newId() as Task['execution'],
  job: { namespace: 'default', name: 'p' },
  attempt: 1,
  content: sh('', { restartPolicy }),
  dir: join(dir, restartPolicy),
  stateDir: join(dir, 'state'),
})
const launched = (task: Task): string | undefined => readText(join(task.dir, 'launched'))

it('is told from an attempt that never began, where it must not run twice', async () => {
  const task = taskOf('never')
  const what = { command: '/bin/sh', args: ['-c', ':'], env: {}, cwd: '/' }
  await launch(task, what, () => {})
  await stopProcess(task, 0)
  expect(launched(task)).toMatch(/^1 [0-9a-f-]{36}\n$/)
  for (const name of ['claim.1', 'pid', 'exit']) rmSync(join(task.dir, name), { recursive: true, force: true })
  // The same boot: the agent was killed before the shim began.
  expect(inspectProcess(task)).toEqual({ is: 'absent' })
  writeFileSync(join(task.dir, 'launched'), '1 another-boot\n')
  expect(inspectProcess(task)).toEqual({ is: 'lost' })
  expect(inspectProcess({ ...task, attempt: 2 })).toEqual({ is: 'absent' })
  // Cut while it was written: nothing had begun.
  writeFileSync(join(task.dir, 'launched'), '1')
  expect(inspectProcess(task)).toEqual({ is: 'absent' })
})

it('costs nothing where another attempt would follow anyway', async () => {
  const task = taskOf('on-failure')
  mkdirSync(task.dir)
  await launch(task, { command: '/bin/sh', args: ['-c', ':'], env: {}, cwd: '/' }, () => {})
  await stopProcess(task, 0)
  expect(launched(task)).toBeUndefined()
})
