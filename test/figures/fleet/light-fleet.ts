/**
 * A fleet for thousands of rollouts: it writes and says only what the rollout engine listens to. The scheduler and the
 * agents are real until every node is admitted and connected; then this stand-in places jobs (by the same pure rules),
 * reports every granted execution as running, and beats at the end of each window until the verdict is in the log. That the
 * engine decides the same on both fleets is compared on some seeds of every run of the figures.
 */
import {
  COMMIT_SCHEMA,
  compareGenerations,
  HEARTBEAT_SCHEMA,
  nodeActor,
  parseJobKeyText,
  serviceActor,
  WINDOWS_REPEATED,
  type EvaluationId,
  type ExecutionId,
  type Generation,
  type Heartbeat,
  type NodeId,
  type NodesGranted,
  type WindowEnd,
} from '@dunlin/contracts'
import { isPresent, recordPlacement, type HealthPolicy, type PlacementDifference } from '@dunlin/domain'
import { heartbeatSubject, jobSubject, reportSubject } from '@dunlin/nats'
import type { SimulatedNode } from '@dunlin/node-agent'
import { sha256 } from '@dunlin/runtime'
import { FAILED_PER_BAD_WINDOW, MESSAGES_PER_WINDOW, type Behaviour, type Life } from './behaviour.ts'
import { startRealFleet } from './real-fleet.ts'
import type { Centre, JobCommit, PlayedFleet } from './centre.ts'

interface Execution {
  readonly id: ExecutionId
  readonly job: string
  readonly generation: Generation
  readonly life: Life
  readonly ends: WindowEnd[]
  total: number
  failed: number
}

interface Node {
  readonly id: NodeId
  readonly boot: SimulatedNode['boot']
  readonly journal: SimulatedNode['journal']
  v: number
  j: number
  /** Sequence of its last report. */
  reported: number
  beats: number
  holds: Generation
  /** The execution of each job that is watched. */
  readonly executions: Map<string, Execution>
}

const encoder = new TextEncoder()
const encode = (value: unknown): Uint8Array => encoder.encode(JSON.stringify(value))

/** Boots the nodes with real parts, then takes their place. */
export const startLightFleet = async (centre: Centre, count: number, behaviour: Behaviour): Promise<PlayedFleet> => {
  const { clock, store, programs, random, handler } = centre
  const booted = await startRealFleet(centre, count, behaviour)
  await booted.stop()
  const nodes = new Map<NodeId, Node>()
  for (const { id, boot, journal, v, j, expected, beats } of booted.agents.nodes.values())
    nodes.set(id, { id, boot, journal, v, j, reported: expected ?? 0, beats, holds: [0, 0], executions: new Map() })
  const ids = [...nodes.keys()]
  const hash = sha256([...ids].sort().join('\n'))

  centre.onCommit((key, commit) => {
    for (const event of commit.ev) {
      if (event.type === 'JobCreated' || event.type === 'JobUpdated') void place(key)
      else if (event.type === 'NodesGranted') start(key, commit, event)
      else if (event.type === 'VerdictsReached') {
        for (const { node, verdict } of event.verdicts)
          if (verdict === 'healthy') nodes.get(node)?.executions.delete(key)
      } else if (event.type === 'RolloutHalted') forgetFailed(key)
    }
  })

  /** What the scheduler's evaluation says when every node matches. */
  const place = async (key: string): Promise<void> => {
    const at = clock.nowMs()
    const id = random.ulid(at) as EvaluationId
    const done = await handler.handle({
      subject: jobSubject(parseJobKeyText(key)),
      kind: 'job',
      key,
      command: { id: `~eval.${id}`, by: serviceActor('scheduler'), at },
      decide: ({ state }) => {
        if (!isPresent(state)) return { ok: true, commits: [] }
        const add = ids.filter((node) => !state.placement.nodes.has(node))
        const all: PlacementDifference = { add, remove: [], count: ids.length, leftOut: {} }
        const trigger = state.placement.last === undefined ? 'job_created' : 'job_updated'
        const evaluation = { id, trigger, version: state.versions.version } as const
        return { ok: true, commits: recordPlacement(state, all, evaluation, () => hash) }
      },
    })
    if (!done.ok) throw done.error
  }

  const start = (key: string, { seq, atMs }: JobCommit, { epoch, grants, content }: NodesGranted): void => {
    const generation: Generation = [epoch, seq]
    const program = programs.get(content) ?? ''
    const started: [Node, Execution][] = []
    for (const [nodeId, id] of grants) {
      const node = nodes.get(nodeId)
      if (node === undefined) continue
      const life = behaviour(program, nodeId)
      const execution: Execution = { id, job: key, generation, life, ends: [], total: 0, failed: 0 }
      node.executions.set(key, execution)
      if (compareGenerations(generation, node.holds) > 0) node.holds = generation
      started.push([node, execution])
      void report(node, key, execution, content, atMs)
    }
    const { intervalMs, deadlineMs } = healthOf(key)
    const cutNext = (n: number): void =>
      void clock.after(intervalMs, () => {
        const watched = started.filter(([node, execution]) => node.executions.get(key) === execution)
        for (const [node, execution] of watched) {
          cut(execution, n)
          beat(node, execution)
        }
        // As agents do: windows are cut until the deadline, also of what was judged failed, so that it can recover.
        if (watched.length > 0 && n * intervalMs < deadlineMs) cutNext(n + 1)
      })
    cutNext(1)
  }

  const healthOf = (key: string): HealthPolicy => {
    const rollout = centre.job(parseJobKeyText(key))?.rollouts.current
    if (rollout === undefined) throw new Error(`${key} has grants and no rollout`)
    return rollout.policy.health
  }

  const report = async (
    node: Node,
    key: string,
    { id, generation }: Execution,
    content: NodesGranted['content'],
    at: number,
  ): Promise<void> => {
    const common = { type: 'ExecutionReported', journal: node.journal, execution: id, job: parseJobKeyText(key) }
    const ev = ['starting', 'running'].map((state) => {
      node.j += 1
      return { ...common, j: node.j, generation, content, state, attempt: 1, at }
    })
    node.v += 1
    const commit = { s: COMMIT_SCHEMA, v: node.v, cmd: `${node.boot}/${node.v}`, by: nodeActor(node.id), at, ev }
    const expected = node.reported
    // Reports of one node follow each other in one process: nobody else writes on its subject.
    const result = await store.log.append({ subject: reportSubject(node.id), data: encode(commit), expected })
    if (!result.ok) throw new Error(`somebody else wrote a report of ${node.id}`)
    node.reported = result.seq
  }

  const cut = (execution: Execution, n: number): void => {
    execution.total += MESSAGES_PER_WINDOW
    if (execution.life(n)) execution.failed += FAILED_PER_BAD_WINDOW
    execution.ends.push([n, execution.total, execution.failed, ''])
    if (execution.ends.length > WINDOWS_REPEATED) execution.ends.shift()
  }

  const beat = (node: Node, { id, generation, total, failed, ends }: Execution): void => {
    const heartbeat: Heartbeat = {
      s: HEARTBEAT_SCHEMA,
      node: node.id,
      boot: node.boot,
      n: (node.beats += 1),
      at: clock.nowMs(),
      gen: [...node.holds],
      rep: node.reported,
      ex: [{ x: id, g: [...generation], st: 'running', in: total, er: failed, rs: 0, w: ends }],
    }
    store.bus.publish(heartbeatSubject(node.id), encode(heartbeat))
  }

  /** Their documents stop what failed: nobody hears of it any more. */
  const forgetFailed = (key: string): void => {
    const { slots } = centre.job(parseJobKeyText(key))?.rollouts.current ?? { slots: new Map<NodeId, string>() }
    for (const [node, slot] of slots) if (slot === 'failed') nodes.get(node)?.executions.delete(key)
  }

  return {
    stop: async () => {
      for (const node of nodes.values()) node.executions.clear()
    },
  }
}
