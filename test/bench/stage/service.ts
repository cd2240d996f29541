/** A service or an agent of the product as a child process, from its JavaScript, until its ready line. */
import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { nodeArguments } from './crew.ts'

export interface RunningService {
  readonly pid: number
  /** Milliseconds from starting the process to its ready line. */
  readonly readyMs: number
  readonly facts: Readonly<Record<string, unknown>>
  stop(): Promise<void>
}

const GRACE_MS = 12_000
const READY_WITHIN_MS = 120_000

const cleanEnvironment = (): NodeJS.ProcessEnv =>
  Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('DUNLIN_')))

export const startService = async (
  file: string,
  args: readonly string[],
  nodeFlags: readonly string[] = nodeArguments,
  env: Readonly<Record<string, string>> = {},
): Promise<RunningService> => {
  const began = performance.now()
  const child = spawn(process.execPath, [...nodeFlags, file, ...args], {
    stdio: ['pipe', 'pipe', 'pipe'],
    env: { ...cleanEnvironment(), ...env },
  })
  let said = ''
  child.stderr.on('data', (data: Buffer) => {
    said = (said + data.toString('utf8')).slice(-4000)
  })
  const gone = new Promise<void>((resolve) => child.once('exit', () => resolve()))
  const stop = async (): Promise<void> => {
    if (child.exitCode === null && child.signalCode === null) child.kill('SIGTERM')
    const late = setTimeout(() => child.kill('SIGKILL'), GRACE_MS)
    await gone
    clearTimeout(late)
  }
  const { promise, resolve, reject } = Promise.withResolvers<Record<string, unknown>>()
  createInterface({ input: child.stdout }).on('line', (line) => {
    if (line.startsWith('{"ready":true')) resolve(JSON.parse(line) as Record<string, unknown>)
  })
  void gone.then(() => reject(new Error(`${file} ended before it was ready:\n${said}`)))
  const late = setTimeout(() => reject(new Error(`${file} is not ready:\n${said}`)), READY_WITHIN_MS)
  try {
    const facts = await promise
    return { pid: child.pid ?? 0, readyMs: performance.now() - began, facts, stop }
  } catch (error) {
    await stop()
    throw error
  } finally {
    clearTimeout(late)
  }
}
