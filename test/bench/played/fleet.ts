/** Many played nodes: they join the log, learn of their grants from it, and report that they run. */
import {
  COMMIT_SCHEMA,
  jobKeyText,
  serviceActor,
  type Commit,
  type JobKey,
  type JobSubjectEvent,
  type Labels,
  type NodeEvent,
  type NodeId,
  type RolloutPolicy,
} from '@dunlin/contracts'
import type { Log, Recorded } from '@dunlin/eventstore'
import { windowed } from '../measure/window.ts'
import { announcement, beatOf, playedNode, reportBytes, transition, type PlayedNode } from './node.ts'

export interface PlayedFleet {
  readonly nodes: readonly PlayedNode[]
  /** All announce themselves, are admitted and connected: the log says so. */
  join(log: Log, at: number): Promise<void>
  /** A commit of a job: who has a new grant by it. */
  hear(key: JobKey, commit: Commit<JobSubjectEvent>, recorded: Recorded, nowMs: number): readonly PlayedNode[]
  /** These nodes say in the log that they run what they were granted for the job. */
  report(log: Log, key: JobKey, nodes: readonly PlayedNode[], at: number): Promise<void>
  /** The text of a heartbeat. */
  beat(node: PlayedNode, nowMs: number, at: number): string
}

const IN_FLIGHT = 512
/** Windows that an agent cuts after it saw success. */
const WINDOWS_AFTER_SUCCESS = 6

const admitted = (node: PlayedNode, at: number): Uint8Array => {
  const ev: NodeEvent[] = [
    { type: 'NodeAdmitted', node: node.id, policy: 'loopback' },
    { type: 'NodeConnected', boot: node.boot },
  ]
  const by = serviceActor('scheduler')
  return Buffer.from(JSON.stringify({ s: COMMIT_SCHEMA, v: 1, cmd: `~admit.${node.boot}`, by, at, ev }))
}

const stored = async (log: Log, subject: string, data: Uint8Array, expected: number): Promise<number> => {
  const result = await log.append({ subject, data, expected })
  if (!result.ok) throw new Error(`${subject} is not what the bench left there`)
  return result.seq
}

export const createPlayedFleet = (count: number, labels: (index: number) => Labels = () => ({})): PlayedFleet => {
  const nodes = Array.from({ length: count }, (_, index) => playedNode(index, labels(index)))
  const byId = new Map<NodeId, PlayedNode>(nodes.map((node) => [node.id, node]))
  const policies = new Map<string, RolloutPolicy>()

  const each = (all: readonly PlayedNode[], act: (node: PlayedNode) => Promise<void>): Promise<unknown> =>
    all.length === 0 ? Promise.resolve() : windowed(all.length, IN_FLIGHT, (i) => act(all[i] as PlayedNode))

  return {
    nodes,
    join: async (log, at) => {
      await each(nodes, async (node) => {
        node.seq = await stored(log, node.subjects.report, reportBytes(node, at, [announcement(node)]), 0)
        await stored(log, node.subjects.node, admitted(node, at), 0)
      })
    },
    hear: (key, { ev }, { seq }, nowMs) => {
      const granted: PlayedNode[] = []
      for (const event of ev) {
        if (event.type === 'RolloutOpened') policies.set(event.rollout, event.policy)
        if (event.type !== 'NodesGranted') continue
        const health = policies.get(event.rollout)?.health
        for (const [id, execution] of event.grants) {
          const node = byId.get(id)
          if (node === undefined || health === undefined) throw new Error(`${id} was granted out of nowhere`)
          node.generation = [event.epoch, seq]
          node.executions.set(jobKeyText(key), {
            id: execution,
            job: key,
            rollout: event.rollout,
            wave: event.wave,
            generation: [event.epoch, seq],
            content: event.content,
            intervalMs: health.intervalMs,
            windows: health.successThreshold + WINDOWS_AFTER_SUCCESS,
            sinceMs: nowMs,
            failing: false,
          })
          granted.push(node)
        }
      }
      return granted
    },
    report: async (log, key, reporting, at) => {
      await each(reporting, async (node) => {
        const one = node.executions.get(jobKeyText(key))
        if (one === undefined) return
        const said = [transition(node, one, 'starting', at), transition(node, one, 'running', at)]
        node.seq = await stored(log, node.subjects.report, reportBytes(node, at, said), node.seq)
      })
    },
    beat: beatOf,
  }
}
