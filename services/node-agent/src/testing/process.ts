/** A real agent process on a real server, and the centre's side of that server. */
import {
  canonicalJson,
  type Commit,
  type Content,
  type DesiredDocument,
  type ReportEvent,
  type Transition,
} from '@dunlin/contracts/agent'
import { connectStore, reportSubject, type ConnectedStore } from '@dunlin/nats'
import { sha256 } from '@dunlin/runtime/agent'
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'

export interface AgentProcess {
  readonly child: ChildProcess
  readonly ready: Promise<{ readonly node: string; readonly boot: string }>
  readonly log: string[]
  readonly ended: Promise<number | null>
  kill9(): Promise<void>
  stop(): Promise<void>
}

const MAIN = fileURLToPath(new URL('../main.ts', import.meta.url))
const SOURCE_RUN = ['--conditions=dunlin-source', MAIN] as const

export const startAgentProcess = (
  args: readonly string[],
  run: readonly string[] = SOURCE_RUN,
  env: NodeJS.ProcessEnv = {},
): AgentProcess => {
  const child = spawn(process.execPath, [...run, ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, ...env },
  })
  const log: string[] = []
  createInterface({ input: child.stderr }).on('line', (line) => log.push(line))
  const ended = once(child, 'exit').then(([code]) => code as number | null)
  const ready = new Promise<{ node: string; boot: string }>((resolve, reject) => {
    createInterface({ input: child.stdout }).on('line', (line) =>
      resolve(JSON.parse(line) as { node: string; boot: string }),
    )
    void ended.then((code) => reject(new Error(`the agent ended with ${code}:\n${log.join('\n')}`)))
  })
  ready.catch(() => {})
  const kill = async (signal: NodeJS.Signals): Promise<void> => {
    child.kill(signal)
    await ended
  }
  return { child, ready, log, ended, kill9: () => kill('SIGKILL'), stop: () => kill('SIGTERM') }
}

export interface RealCentre {
  readonly store: ConnectedStore
  storeContent(content: Content): Promise<string>
  write(document: DesiredDocument): Promise<void>
  reports(node: string): Promise<Commit<ReportEvent>[]>
  /** Also those that an announcement tells. */
  transitions(node: string, execution: string): Promise<Transition[]>
  stop(): Promise<void>
}

/** On a server that is there; it must be ended by whoever started it. */
export const startRealCentre = async (url: string): Promise<RealCentre> => {
  const store = await connectStore({ url, name: 'test' })
  const encoder = new TextEncoder()
  const reports = async (node: string): Promise<Commit<ReportEvent>[]> => {
    const commits: Commit<ReportEvent>[] = []
    for await (const { data } of store.log.read(reportSubject(node)))
      commits.push(JSON.parse(new TextDecoder().decode(data)) as Commit<ReportEvent>)
    return commits
  }
  return {
    store,
    reports,
    storeContent: async (content) => {
      const body = canonicalJson(content)
      const hash = sha256(body)
      await store.specs.put(hash, encoder.encode(body), 0)
      return hash
    },
    write: async (document) => {
      const before = await store.desired.get(document.node)
      await store.desired.put(document.node, encoder.encode(JSON.stringify(document)), before?.revision ?? 0)
    },
    transitions: async (node, execution) =>
      (await reports(node))
        .flatMap(({ ev }) => ev)
        .flatMap((event) => (event.type === 'NodeAnnounced' ? event.executions : [event]))
        .filter((transition) => transition.execution === execution),
    stop: () => store.close(),
  }
}
