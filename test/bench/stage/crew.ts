/** A child process of a bench and the words that go to and fro. */
import { fork, type ChildProcess } from 'node:child_process'

export interface Told {
  readonly is: string
}

export interface Crew<To, From extends Told> {
  readonly pid: number
  send(message: To): void
  /** The next message of this kind that nobody has taken. Rejects when the process ends. */
  hear<I extends From['is']>(is: I): Promise<Extract<From, { readonly is: I }>>
  /** Asks and waits for the answer of a kind. */
  ask<I extends From['is']>(message: To, is: I): Promise<Extract<From, { readonly is: I }>>
  /** Rejects when the process ends without having been stopped. */
  readonly lost: Promise<never>
  stop(): Promise<void>
}

const GRACE_MS = 10_000

/** Arguments of node itself for every child, e.g. `--cpu-prof --cpu-prof-dir=/tmp/p` to see where the time goes. */
export const nodeArguments = (process.env['DUNLIN_BENCH_NODE_ARGS'] ?? '').split(' ').filter((word) => word !== '')

export const startCrew = <To extends object, From extends Told>(
  file: string,
  args: readonly string[],
): Crew<To, From> => {
  const child: ChildProcess = fork(file, args, { execArgv: nodeArguments })
  const waiting: { readonly is: string; readonly resolve: (m: From) => void; readonly reject: (e: Error) => void }[] =
    []
  const heard: From[] = []
  let ended: Error | undefined
  let stopped = false
  const { promise: lost, reject: lose } = Promise.withResolvers<never>()
  lost.catch(() => {})
  const gone = new Promise<void>((resolve) => {
    child.once('exit', (code, signal) => {
      ended = new Error(`${file} ended: ${signal ?? code}`)
      if (!stopped) lose(ended)
      for (const { reject } of waiting.splice(0)) reject(ended)
      resolve()
    })
  })
  child.on('message', (message) => {
    const told = message as From
    const index = waiting.findIndex(({ is }) => is === told.is)
    if (index < 0) heard.push(told)
    else waiting.splice(index, 1)[0]?.resolve(told)
  })

  const hear = <I extends From['is']>(is: I): Promise<Extract<From, { readonly is: I }>> =>
    new Promise<From>((resolve, reject) => {
      const index = heard.findIndex((one) => one.is === is)
      const known = index < 0 ? undefined : heard.splice(index, 1)[0]
      if (known !== undefined) resolve(known)
      else if (ended !== undefined) reject(ended)
      else waiting.push({ is, resolve, reject })
    }) as Promise<Extract<From, { readonly is: I }>>

  return {
    pid: child.pid ?? 0,
    send: (message) => void child.send(message),
    hear,
    ask: (message, is) => {
      const answer = hear(is)
      child.send(message)
      return answer
    },
    lost,
    stop: async () => {
      stopped = true
      if (ended === undefined) child.kill('SIGTERM')
      const late = setTimeout(() => child.kill('SIGKILL'), GRACE_MS)
      await gone
      clearTimeout(late)
    },
  }
}
