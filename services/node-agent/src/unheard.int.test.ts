/** An agent whose log nobody reads any more: it was piped somewhere, and whoever read it is gone. */
import { rmSync } from 'node:fs'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { makeDataDir } from './testing/node.ts'
import { startAgentProcess, type AgentProcess } from './testing/process.ts'

// A busy machine may be slow; nothing here waits longer than it must.
vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 })

let dir: string
let agent: AgentProcess
beforeEach(() => {
  dir = makeDataDir()
})
afterEach(async () => {
  await agent.kill9()
  rmSync(dir, { recursive: true, force: true })
})

it('ends when it is told to, instead of telling for ever that it cannot tell', async () => {
  agent = startAgentProcess(['--nats-url', 'nats://127.0.0.1:1', '--data-dir', dir, '--node-id', 'unheard'])
  await vi.waitFor(() => expect(agent.log.length).toBeGreaterThan(0), { timeout: 30_000 })
  agent.child.stderr?.destroy()
  agent.child.stdout?.destroy()
  agent.child.kill('SIGTERM')
  // 0, or 70 on a machine so busy that the rest of its start took longer than a stop may: it ends by itself.
  expect([0, 70]).toContain(await agent.ended)
})
