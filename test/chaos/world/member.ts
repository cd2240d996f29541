/**
 * One process of the system under a supervisor that starts it again. A process that ends although nobody killed it, after
 * it was ready, is a finding of its own.
 */
import { spawn, type ChildProcess } from 'node:child_process'
import { closeSync, openSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { setTimeout as delay } from 'node:timers/promises'

export interface Member {
  readonly name: string
  readonly pid: number | undefined
  readonly isReady: boolean
  /** The last ready line. */
  readonly facts: Readonly<Record<string, unknown>>
  /** Resolves when the process that runs now, or the next one, has said that it is ready. */
  ready(): Promise<void>
  /** SIGKILL, now; the supervisor starts it again after `backInMs`. False when it was away. */
  kill9(backInMs: number): boolean
  /** A child of it was killed: it ends with it, and is started again after `backInMs`, or it starts the child again itself. */
  childKilled(pid: number, backInMs: number): void
  /** Politely, and for good. */
  stop(): Promise<void>
}

export interface MemberSpec {
  readonly name: string
  readonly command: string
  readonly args: (before: Readonly<Record<string, unknown>>) => readonly string[]
  readonly env?: Readonly<Record<string, string>>
  readonly logFile: string
  readonly onOwnEnd: (how: string) => void
}

/** A process that could not start, because the server is away, is tried again after this. */
const AGAIN_MS = 200
const GRACE_MS = 15_000

export const startMember = (spec: MemberSpec): Member => {
  const { name, command, args, logFile } = spec
  let facts: Readonly<Record<string, unknown>> = {}
  let child: ChildProcess | undefined
  let isReady = false
  let isStopping = false
  let backInMs: number | undefined
  let struckPid: number | undefined
  let isDoomed = false
  let waiting = Promise.withResolvers<void>()
  let gone: Promise<void> = Promise.resolve()

  const run = (): void => {
    isReady = false
    isDoomed = false
    backInMs = undefined
    const log = openSync(logFile, 'a')
    // Standard input is the leash: it closes when this process dies, however it dies.
    const env = Object.fromEntries(Object.entries(process.env).filter(([key]) => !key.startsWith('DUNLIN_')))
    const started = spawn(command, args(facts), {
      stdio: ['pipe', 'pipe', log],
      detached: true,
      env: { ...env, ...spec.env },
    })
    closeSync(log)
    child = started
    started.stdin?.on('error', () => {})
    // "pipe" always gives one; the type only knows that at a literal.
    if (started.stdout)
      createInterface({ input: started.stdout }).on('line', (line) =>
        child === started && !isDoomed ? hear(line) : undefined,
      )
    gone = new Promise((resolve) => {
      started.once('exit', (code, signal) => {
        resolve()
        if (child === started) ended(signal ?? `exit code ${code}`)
      })
    })
  }

  const hear = (line: string): void => {
    if (!line.startsWith('{"ready":true')) return
    facts = JSON.parse(line) as Record<string, unknown>
    // Said before it died, and read after.
    if (struckPid !== undefined && facts['pid'] === struckPid) return
    backInMs = undefined
    isReady = true
    waiting.resolve()
  }

  const ended = (how: string): void => {
    child = undefined
    if (isStopping) return
    if (isReady) {
      if (backInMs === undefined) spec.onOwnEnd(how)
      waiting = Promise.withResolvers()
    }
    isReady = false
    void delay(backInMs ?? AGAIN_MS).then(() => (isStopping ? undefined : run()))
  }

  const dies = (pid: number | undefined, delayMs: number): void => {
    struckPid = pid
    backInMs = delayMs
    if (isReady) waiting = Promise.withResolvers()
    isReady = false
  }

  run()
  return {
    name,
    get pid() {
      return child?.pid
    },
    get isReady() {
      return isReady
    },
    get facts() {
      return facts
    },
    ready: () => waiting.promise,
    kill9: (delayMs) => {
      if (!child) return false
      isDoomed = true
      dies(child.pid, delayMs)
      child.kill('SIGKILL')
      return true
    },
    childKilled: dies,
    stop: async () => {
      isStopping = true
      waiting.resolve()
      child?.kill('SIGTERM')
      const late = setTimeout(() => child?.kill('SIGKILL'), GRACE_MS)
      await gone
      clearTimeout(late)
    },
  }
}
