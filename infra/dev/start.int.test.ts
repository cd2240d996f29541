/** The launcher as a person meets it: real processes, real signals, and nobody left behind. */
import { spawn, type ChildProcess } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { once } from 'node:events'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { afterEach, describe, expect, it } from 'vitest'
import { root } from './flags.ts'

const running: { readonly child: ChildProcess; readonly dataDir: string }[] = []

afterEach(async () => {
  for (const { child, dataDir } of running.splice(0)) {
    if (child.exitCode === null && child.signalCode === null) child.kill('SIGKILL')
    await until('everything has ended', () => processesOf(dataDir).length === 0)
    rmSync(dataDir, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 })
  }
})

/** Processes whose command line names the data directory: server, agents, tasks. The services are found by their server. */
const processesOf = (dataDir: string, nats = dataDir): number[] =>
  readdirSync('/proc').flatMap((name) => {
    if (!/^\d+$/.test(name)) return []
    try {
      const command = readFileSync(`/proc/${name}/cmdline`, 'utf8')
      return command.includes(dataDir) || command.includes(nats) ? [Number(name)] : []
    } catch {
      return []
    }
  })

const theOne = (source: string, of: string): number => {
  const pid = processesOf(source).find((one) => processesOf(of).includes(one))
  if (pid === undefined) throw new Error(`no process runs ${source} of ${of}`)
  return pid
}

const until = async (what: string, holds: () => boolean | Promise<boolean>): Promise<void> => {
  const deadline = performance.now() + 120_000
  while (!(await holds())) {
    if (performance.now() > deadline) throw new Error(`not within 120 s: ${what}`)
    await delay(50)
  }
}

const launch = (args: readonly string[], dataDir = mkdtempSync(join(tmpdir(), 'dunlin-start-'))) => {
  const main = ['--conditions=dunlin-source', 'infra/dev/main.ts', 'start', '--data-dir', dataDir, ...args]
  const { DUNLIN_NATS_URL: _theirs, ...env } = process.env
  const child = spawn(process.execPath, main, { cwd: root, env, stdio: ['ignore', 'pipe', 'pipe'] })
  running.push({ child, dataDir })
  const text = { out: '', err: '' }
  child.stdout.on('data', (chunk: Buffer) => (text.out += chunk.toString()))
  child.stderr.on('data', (chunk: Buffer) => (text.err += chunk.toString()))
  const exited = once(child, 'exit')
  return { child, dataDir, text, exited }
}

/** Two nodes, and a process job on each of them. */
const launchWithTasks = async () => {
  const launched = launch(['--nodes', '2', '--api-port', '0', '--json'])
  const { text, dataDir, child } = launched
  await until('it is ready', () => {
    if (child.exitCode !== null) throw new Error(`it ended: ${text.err}`)
    return text.out.includes('\n')
  })
  const line = JSON.parse(text.out) as { ready: boolean; api: string; nats: string }
  const spec = { name: 'sleeper', type: 'process', config: { command: 'sleep', args: ['600'] } }
  const applied = await fetch(`${line.api}/api/v1/jobs`, {
    method: 'PUT',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ ...spec, rollout: { strategy: 'immediate', health_check: { interval: '1s' } } }),
  })
  if (!applied.ok) throw new Error(await applied.text())
  const tasks = (): string[] =>
    processesOf(join(dataDir, 'nodes')).flatMap((pid) => {
      try {
        return readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes('dunlin-shim') ? [String(pid)] : []
      } catch {
        return []
      }
    })
  await until('a task runs on both nodes', () => tasks().length === 2)
  return { ...launched, line }
}

describe('npm start', { timeout: 400_000 }, () => {
  it('says one line when all is ready, and leaves no process behind after SIGTERM', async () => {
    const { child, dataDir, text, exited, line } = await launchWithTasks()
    expect(line).toEqual({ ready: true, api: expect.stringMatching(/^http:/), nats: expect.stringMatching(/^nats:/) })
    expect(text.out.trim().split('\n')).toHaveLength(1)
    child.kill('SIGTERM')
    expect(await exited).toEqual([0, null])
    expect(processesOf(dataDir, line.nats)).toEqual([])
  })

  it('leaves no process behind when it is killed with -9', async () => {
    const { child, dataDir, exited, line } = await launchWithTasks()
    child.kill('SIGKILL')
    await exited
    await until('all children have noticed', () => processesOf(dataDir, line.nats).length === 0)
    expect(processesOf(dataDir, line.nats)).toEqual([])
  })

  it('kills at the second signal what ignores the first', async () => {
    const { child, dataDir, text, exited, line } = await launchWithTasks()
    process.kill(theOne('services/node-agent/src/main.ts', dataDir), 'SIGSTOP')
    child.kill('SIGTERM')
    await until('it has begun to stop', () => text.err.includes('SIGTERM'))
    child.kill('SIGTERM')
    expect(await exited).toEqual([130, null])
    expect(processesOf(dataDir, line.nats)).toEqual([])
  })

  it('brings a child back that died, at the same address', async () => {
    const { dataDir, text, line } = await launchWithTasks()
    process.kill(theOne('services/api/src/main.ts', line.nats), 'SIGKILL')
    await until('the launcher says so', () => text.err.includes('api is back'))
    const { items } = (await (await fetch(`${line.api}/api/v1/nodes`)).json()) as { items: unknown[] }
    expect(items).toHaveLength(2)
    expect(processesOf(dataDir).length).toBeGreaterThan(0)
  })

  it('refuses a data directory that another launcher holds, and a port that is taken', async () => {
    const { dataDir, line } = await launchWithTasks()
    const same = launch(['--api-port', '0'], dataDir)
    expect(await same.exited).toEqual([1, null])
    expect(same.text.err).toContain('is in use by process')
    running.pop()
    const taken = launch(['--api-port', new URL(line.api).port])
    expect(await taken.exited).toEqual([1, null])
    expect(taken.text.err).toContain('--api-port')
  })

  it('refuses an unknown flag before it touches anything', async () => {
    const wrong = launch(['--node', '3'])
    expect(await wrong.exited).toEqual([2, null])
    expect(wrong.text.err).toContain('did you mean --nodes?')
  })
})
