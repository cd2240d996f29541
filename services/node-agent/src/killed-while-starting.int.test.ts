/** A real agent on a real server, killed with -9 while it runs a hook before the start. */
import type { Content, NodeId, Sha256 } from '@dunlin/contracts/agent'
import { startNatsServer } from '@dunlin/testkit'
import { existsSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it, vi } from 'vitest'
import { killTasks } from './drivers/kill-tasks.ts'
import { markedProcesses } from './drivers/proc.ts'
import { documentOf, entryFor, makeDataDir, newId, sh } from './testing/node.ts'
import { startAgentProcess, startRealCentre } from './testing/process.ts'

const eventually = (check: () => void | Promise<void>): Promise<void> =>
  vi.waitFor(check, { timeout: 60_000, interval: 50 })

it('leaves a hook that the next agent ends before it begins again', { timeout: 120_000 }, async () => {
  const server = await startNatsServer()
  const centre = await startRealCentre(server.url)
  const node = `n-${newId().toLowerCase()}` as NodeId
  const dir = makeDataDir()
  const start = () => startAgentProcess(['--nats-url', server.url, '--data-dir', dir, '--node-id', node])
  // The first hook hangs and holds what it began; the one of the next agent finds the note and goes on.
  const hook = 'echo began >> notes; [ $(wc -l < notes) -gt 1 ] || sleep 1000'
  const content: Content = sh('sleep 1000')
  content.config['pre_start'] = [{ command: 'sh', args: ['-c', hook], timeout: '1h' }]
  const hash = (await centre.storeContent(content)) as Sha256
  const one = entryFor({ storeContent: () => hash }, 1, content)
  await centre.write({ ...documentOf(1, one), node })
  const notes = join(dir, 'tasks', one.execution, 'local', 'notes')

  const first = start()
  await eventually(() => expect(existsSync(notes)).toBe(true))
  await first.kill9()
  const [hanging] = markedProcesses(one.execution)
  expect(hanging).toBeGreaterThan(1)
  const second = start()
  await eventually(async () =>
    expect((await centre.transitions(node, one.execution)).at(-1)).toMatchObject({ state: 'running', attempt: 1 }),
  )
  expect(markedProcesses(one.execution)).not.toContain(hanging)
  expect(readFileSync(notes, 'utf8')).toBe('began\nbegan\n')

  await second.stop()
  await killTasks(dir, 0)
  expect(markedProcesses(one.execution)).toEqual([])
  await centre.stop()
  await server.stop()
  rmSync(dir, { recursive: true, force: true })
})
