/** The agent updates itself: the real bundle below the real launcher, on a real server, while a task runs on. */
import type { Content, NodeAnnounced, NodeId, Sha256, UpdateConfig } from '@dunlin/contracts/agent'
import { sha256 } from '@dunlin/runtime/agent'
import { startNatsServer, type TestNatsServer } from '@dunlin/testkit'
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { afterAll, beforeAll, expect, it, vi } from 'vitest'
import { bundle } from '../../../build/bundle.ts'
import { AGENT_VERSION } from '../../host.ts'
import { documentOf, entryFor, makeDataDir, newId, sh } from '../../testing/node.ts'
import { startRealCentre, type RealCentre } from '../../testing/process.ts'
import { LAUNCHER } from '../../update/launcher.ts'
import { currentVersion, makeSlotOf, switchTo } from '../../update/slots.ts'
import { killTasks } from '../kill-tasks.ts'
import { isAlive } from '../proc.ts'
import { readPid } from '../task-dir.ts'

let dir: string
let dataDir: string
let home: string
let server: TestNatsServer
let centre: RealCentre
let launcher: ChildProcess
let text: string
const node = `n-${newId().toLowerCase()}` as NodeId
const log: string[] = []

beforeAll(async () => {
  dir = makeDataDir()
  dataDir = join(dir, 'data')
  home = join(dataDir, 'agent')
  mkdirSync(home, { recursive: true })
  const { file } = await bundle('agent', join(dir, 'bundle'))
  text = readFileSync(file, 'utf8')
  await makeSlotOf(home, AGENT_VERSION, join(dir, 'bundle'))
  await switchTo(home, AGENT_VERSION)
  writeFileSync(join(home, 'launch'), LAUNCHER, { mode: 0o755 })
  server = await startNatsServer()
  centre = await startRealCentre(server.url)
  const flags = ['--nats-url', server.url, '--data-dir', dataDir, '--node-id', node, '--artifact-root', dir]
  launcher = spawn(join(home, 'launch'), [home, process.execPath, ...flags], { stdio: ['ignore', 'ignore', 'pipe'] })
  launcher.stderr?.on('data', (chunk: Buffer) => log.push(chunk.toString('utf8')))
})
afterAll(async () => {
  launcher.kill('SIGTERM')
  await once(launcher, 'exit')
  await killTasks(dataDir, 0)
  await centre.stop()
  await server.stop()
  rmSync(dir, { recursive: true, force: true })
})

const eventually = (check: () => Promise<void>): Promise<void> => vi.waitFor(check, { timeout: 40_000, interval: 50 })

let seq = 0
const entry = async (content: Content, name: string) => {
  const hash = (await centre.storeContent(content)) as Sha256
  return entryFor({ storeContent: () => hash }, (seq += 1), content, { job: { namespace: 'default', name } })
}
const latest = async (execution: string) => (await centre.transitions(node, execution)).at(-1)
const announced = async (): Promise<string[]> =>
  (await centre.reports(node))
    .flatMap(({ ev }) => ev)
    .filter((event): event is NodeAnnounced => event.type === 'NodeAnnounced')
    .map(({ agentVersion }) => agentVersion)

const updateTo = (version: string, body: string, more: Partial<UpdateConfig> = {}): Content => {
  const path = join(dir, `agent-${version}.mjs`)
  writeFileSync(path, body)
  const artifact = { source: pathToFileURL(path).href, sha256: sha256(body) as string }
  const config = { target: 'agent', version, artifact, healthy_within: '30s', ...more }
  return { type: 'update', config, restartPolicy: 'on-failure', executionTimeoutMs: 0 }
}
/** Passes the check and then behaves as `script` says. */
const afterCheck = (script: string): string => `if (process.argv[2] !== 'check') { ${script} }\n`

it('to a good version with its tasks running on, and back from every bad one, by itself', async () => {
  const task = await entry(sh('sleep 1000'), 'long')
  await centre.write({ ...documentOf(seq, task), node })
  await eventually(async () => expect(await latest(task.execution)).toMatchObject({ state: 'running' }))
  const before = readPid(join(dataDir, 'tasks', task.execution))
  const update = async (content: Content) => {
    const one = await entry(content, 'update')
    await centre.write({ ...documentOf(seq, task, one), node })
    await eventually(async () => expect(['completed', 'failed']).toContain((await latest(one.execution))?.state))
    return latest(one.execution)
  }

  // Its own check is asked: it says that it is what it is called.
  const next = text.replaceAll(`"${AGENT_VERSION}"`, '"9.0.0"').replaceAll(`\`${AGENT_VERSION}\``, '`9.0.0`')
  expect(await update(updateTo('9.0.0', next))).toMatchObject({ state: 'completed' })
  expect(await announced()).toEqual([AGENT_VERSION, '9.0.0'])
  expect(currentVersion(home)).toBe('9.0.0')

  // Refused before anything is switched.
  const notJavaScript = await update(updateTo('9.1.0', 'this is not JavaScript'))
  expect(notJavaScript).toMatchObject({ state: 'failed', attempt: 1, error: { code: 'check_failed' } })
  expect(notJavaScript?.error?.message).toContain('SyntaxError')
  expect(await update(updateTo('9.1.0', next))).toMatchObject({
    error: { code: 'check_failed', message: expect.stringContaining('it shall be 9.1.0') },
  })
  const lying = updateTo('9.1.0', 'some file')
  const digest = sha256('another file')
  const artifact = { ...(lying.config['artifact'] as { source: string }), sha256: digest }
  expect(await update({ ...lying, config: { ...lying.config, artifact } })).toMatchObject({
    error: { code: 'wrong_digest', message: expect.stringContaining(digest) },
  })
  expect(await update(updateTo('0.0.1', next))).toMatchObject({ error: { code: 'downgrade_refused' } })
  expect(await announced()).toHaveLength(2)

  // Switched to, and back.
  expect(await update(updateTo('9.2.0', afterCheck('process.exit(3)')))).toMatchObject({
    state: 'failed',
    error: { code: 'update_reverted', message: expect.stringContaining('ended with code 3 before it was healthy') },
  })
  const hangs = updateTo('9.3.0', afterCheck('setInterval(() => {}, 1e6)'), { healthy_within: '1s' })
  expect(await update(hangs)).toMatchObject({
    state: 'failed',
    attempt: 1,
    error: { code: 'update_reverted', message: expect.stringContaining('did not become healthy within 1 s') },
  })
  expect(await announced()).toEqual([AGENT_VERSION, '9.0.0', '9.0.0', '9.0.0'])
  expect(currentVersion(home)).toBe('9.0.0')

  expect(readPid(join(dataDir, 'tasks', task.execution))).toEqual(before)
  expect(before && isAlive(before.pid, before.startTicks)).toBe(true)
  expect(await latest(task.execution)).toMatchObject({ state: 'running', attempt: 1 })
  expect(readdirSync(join(home, 'versions')).filter((name) => name.startsWith('.'))).toEqual([])
}, 120_000)
