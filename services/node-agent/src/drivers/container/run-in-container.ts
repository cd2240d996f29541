/** Runs a command inside of a running container, for probes; ends it when its time is over. */
import { readFileSync } from 'node:fs'
import { Writable } from 'node:stream'
import type { CommandResult } from '../driver.ts'
import type { Engine } from './engine.ts'

const MOST_OUTPUT_CHARS = 2_000

export const runInContainer = async (
  engine: Engine,
  id: string,
  command: readonly string[],
  { timeoutMs, signal }: { readonly timeoutMs: number; readonly signal: AbortSignal },
): Promise<CommandResult> => {
  let output = ''
  try {
    const client = await engine.client()
    const created = await client.getContainer(id).exec({ Cmd: [...command], AttachStdout: true, AttachStderr: true })
    const stream = await created.start({ hijack: false })
    const sink = new Writable({
      write: (chunk: Buffer, _, done) => {
        if (output.length < MOST_OUTPUT_CHARS) output += chunk.toString('utf8')
        done()
      },
    })
    client.modem.demuxStream(stream, sink, sink)
    const ended = await until(stream, AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]))
    const { ExitCode, Pid } = await created.inspect()
    if (!ended) {
      kill(Pid, id)
      const why = signal.aborted ? 'it was given up' : `it took longer than ${timeoutMs} ms`
      return { code: null, output: why }
    }
    return { code: ExitCode, output: output.slice(0, MOST_OUTPUT_CHARS) }
  } catch (error) {
    return { code: null, output: String(error).slice(0, MOST_OUTPUT_CHARS) }
  }
}

/** True when the stream ended by itself. */
const until = (stream: NodeJS.ReadableStream & { destroy?: () => void }, given: AbortSignal): Promise<boolean> =>
  new Promise((resolve) => {
    const giveUp = (): void => {
      resolve(false)
      stream.destroy?.()
    }
    if (given.aborted) return giveUp()
    given.addEventListener('abort', giveUp, { once: true })
    for (const event of ['end', 'close', 'error'])
      stream.once(event, () => {
        given.removeEventListener('abort', giveUp)
        resolve(true)
      })
  })

/** Engines cannot end a command of theirs; the host can, when the engine is on it and the process is the container's. */
const kill = (pid: number, id: string): void => {
  try {
    if (pid > 1 && readFileSync(`/proc/${pid}/cgroup`, 'utf8').includes(id)) process.kill(pid, 'SIGKILL')
  } catch {
    // It ended meanwhile, or it runs on another host.
  }
}
