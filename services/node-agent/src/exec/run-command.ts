/**
 * `rpc.<node>.exec`: one command, in a process group of its own that ends with the question: at its timeout, and when the
 * caller leaves. Its output waits in the pipe while the caller is slow. Who asked for what is in the agent's log.
 */
import { DunlinError, type ExecEnd, type ExecQuestion, type OutputStream } from '@dunlin/contracts/agent'
import { spawn, type ChildProcessByStdio } from 'node:child_process'
import { once } from 'node:events'
import type { Readable, Writable } from 'node:stream'
import { DEFAULT_PATH, findCommand } from '../drivers/process/find-command.ts'
import type { Timer } from '@dunlin/runtime/agent'
import type { RpcFacts } from '../rpc/method.ts'
import type { Out } from '../rpc/streams.ts'
import { noteCommand } from './left-behind.ts'
import { mayRun } from './policy.ts'

/** After SIGTERM, before SIGKILL. */
const GRACE_MS = 2_000
const PART_BYTES = 60 * 1024

export const runCommand = async (facts: RpcFacts, question: ExecQuestion, out: Out): Promise<ExecEnd> => {
  const { logger, clock, dataDir } = facts
  const { command, timeoutMs, input, by } = question
  const [program = '', ...args] = command
  const found = findCommand(program, { cwd: dataDir, path: DEFAULT_PATH })
  try {
    mayRun(facts.exec, 'path' in found ? found.path : undefined)
  } catch (error) {
    logger.warn('a command was refused', { audit: 'exec', by, command })
    throw error
  }
  if (!('path' in found)) throw new DunlinError('invalid_request', found.problem.message)
  logger.warn('a command runs on request', { audit: 'exec', by, command, timeoutMs })

  const child = spawn(found.path, args, {
    argv0: program,
    cwd: '/',
    env: { PATH: DEFAULT_PATH, LANG: 'C.UTF-8', HOME: '/', DUNLIN_NODE: facts.node },
    // A group of its own, so that what it starts ends with it.
    detached: true,
    stdio: ['pipe', 'pipe', 'pipe'],
  })
  const forget = child.pid === undefined ? () => {} : noteCommand(dataDir, child.pid)
  let timedOut = false
  let killing: Timer | undefined
  /** Its number may be somebody else's from then on. */
  let exited = false
  const cut = (): void => {
    if (!exited) signalGroup(child, 'SIGKILL')
    // What left its group may hold them open for as long as it likes.
    child.stdout.destroy()
    child.stderr.destroy()
  }
  const end = (): void => {
    if (!exited) signalGroup(child, 'SIGTERM')
    killing ??= clock.after(GRACE_MS, cut)
  }
  const timer = clock.after(timeoutMs, () => {
    timedOut = true
    end()
  })
  out.signal.addEventListener('abort', end, { once: true })
  try {
    giveInput(child, input)
    const exit = once(child, 'exit') as Promise<[number | null, NodeJS.Signals | null]>
    const [[code, signal]] = await Promise.all([
      exit.then(async (ended) => {
        // What it left behind in its group would hold the pipes open.
        signalGroup(child, 'SIGKILL')
        exited = true
        forget()
        return ended
      }),
      pass(child.stdout, 'stdout', out),
      pass(child.stderr, 'stderr', out),
    ])
    logger.warn('a command ended', { audit: 'exec', by, command, code, signal, timedOut })
    return { code, signal, timedOut }
  } catch (error) {
    if (error instanceof Error && 'syscall' in error)
      throw new DunlinError('invalid_request', `${program} cannot be run: ${error.message}`, { cause: error })
    throw error
  } finally {
    timer.cancel()
    killing?.cancel()
    out.signal.removeEventListener('abort', end)
  }
}

type Child = ChildProcessByStdio<Writable, Readable, Readable>

const giveInput = (child: Child, input: string | undefined): void => {
  // A command that does not read its input, or ends before it has, is no failure of ours.
  child.stdin.on('error', () => {})
  child.stdin.end(input === undefined ? undefined : Buffer.from(input, 'base64'))
}

const signalGroup = (child: Child, signal: NodeJS.Signals): void => {
  if (child.pid === undefined) return
  try {
    process.kill(-child.pid, signal)
  } catch {
    // Nobody is left in it.
  }
}

/** Reads no further than the caller takes. When nobody wants more, the rest is read and dropped, so that it can end. */
const pass = async (from: Readable, s: OutputStream, out: Out): Promise<void> => {
  try {
    for await (const chunk of from as AsyncIterable<Buffer>)
      for (let at = 0; at < chunk.byteLength; at += PART_BYTES)
        if (await out.ready()) out.item({ s }, chunk.subarray(at, at + PART_BYTES))
  } catch (error) {
    // It was given up before its end.
    if (!from.destroyed) throw error
  }
}
