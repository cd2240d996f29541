/** Turns silence and sound into events of the nodes' own subjects. */
import type { NodeId } from '@dunlin/contracts'
import { serviceActor } from '@dunlin/contracts'
import { judgeLiveness, type Judge, type LivenessTimers } from '@dunlin/domain'
import { nodeSubject } from '@dunlin/nats'
import { createPace } from '@dunlin/runtime'
import type { Work } from '../work.ts'
import type { Listener } from './listen.ts'

export interface LivenessJudge {
  /** Looks at some nodes, or at all of them. */
  judge(nodes?: Iterable<NodeId>): Promise<void>
  admit(nodes: Iterable<NodeId>): Promise<void>
}

/**
 * What one node may have written of itself by coming and going: a node that says another boot with each heartbeat must not
 * fill the log. What is not written now is judged again by the next heartbeat or look, as it is then.
 */
const CHANGES_OF_ONE = { burst: 10, everyMs: 10_000 }

/** @param onExcess a node comes and goes more often than is written */
export const createLivenessJudge = (
  work: Work,
  listener: Listener,
  timers: LivenessTimers,
  onExcess: (node: NodeId) => void = () => {},
): LivenessJudge => {
  const { fold } = work.fleet
  const pace = createPace(work.clock, CHANGES_OF_ONE)
  const view = (): Judge => ({
    nowMono: work.clock.monotonicMs(),
    nowMs: work.clock.nowMs(),
    listeningSinceMono: listener.listeningSince(),
  })

  const look = async (node: NodeId): Promise<void> => {
    const state = fold.get('node', node)?.state
    if (state === undefined || judgeLiveness(state, listener.heard.get(node), view(), timers).length === 0) return
    if (!pace.take(node)) return onExcess(node)
    const at = work.clock.nowMs()
    const done = await work.handler.handle({
      subject: nodeSubject(node),
      kind: 'node',
      key: node,
      command: { id: `~live.${work.random.ulid(at)}`, by: serviceActor('scheduler'), at },
      decide: (aggregate) => {
        const events = judgeLiveness(aggregate.state, listener.heard.get(node), view(), timers)
        return { ok: true, commits: events.length === 0 ? [] : [events] }
      },
    })
    // A node that could not be recorded is looked at again by the next tick.
    if (!done.ok) work.failed('liveness', node, done.error, () => {})
  }

  /** Of the policy `loopback`: whoever announces itself takes part. A node that was removed does not. */
  const admitOne = async (node: NodeId): Promise<void> => {
    const at = work.clock.nowMs()
    const done = await work.handler.handle({
      subject: nodeSubject(node),
      kind: 'node',
      key: node,
      command: { id: `~admit.${work.random.ulid(at)}`, by: serviceActor('scheduler'), at },
      decide: ({ state }) => ({
        ok: true,
        commits: state.admission === 'unknown' ? [[{ type: 'NodeAdmitted', node, policy: 'loopback' }]] : [],
      }),
    })
    if (!done.ok) work.failed('admission', node, done.error, () => work.fleet.marks.unadmitted.add(node))
  }

  return {
    judge: async (nodes) => {
      await Promise.all(Array.from(nodes ?? (fold.table('node').keys() as Iterable<NodeId>), look))
    },
    admit: async (nodes) => {
      await Promise.all(Array.from(nodes, admitOne))
    },
  }
}
