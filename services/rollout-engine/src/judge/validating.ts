/**
 * Which executions are judged: every latest grant without a verdict, and every failed one that may still recover. Found by
 * node, because heartbeats come by node.
 */
import type { ExecutionId, Generation, NodeId } from '@dunlin/contracts'
import { noWindows, type Grant, type HealthPolicy, type Job, type WindowRun } from '@dunlin/domain'
import { createDueList } from './due.ts'

export interface Validating {
  readonly job: string
  readonly node: NodeId
  readonly execution: ExecutionId
  readonly generation: Generation
  /** When it was granted, by the log. */
  readonly grantedAt: number
  readonly policy: HealthPolicy
  readonly run: WindowRun
  /** It has failed before: only its recovery is of interest. */
  readonly recovering: boolean
  /** A heartbeat showed that its node has read the document with this grant. */
  sawGrant: boolean
  /** Time for which its node was heard and had not read that document. */
  unreadMs: number
  /** It was reported `starting`. */
  started: boolean
  /** Monotonic time for which it has validated while its node was heard; the deadline counts this. */
  validatedMs: number
  /** When its deadline was looked at last, monotonic. */
  lookedAtMono: number
  /** Whether its node is logged as connected; undefined until somebody has looked. */
  connected: boolean | undefined
  /** When its node was heard last, monotonic. */
  heardAtMono: number
  /** When its missing windows were asked for last, monotonic. */
  askedAtMono: number
  /** Since when this judge sees its node logged as not connected, monotonic. */
  silentSinceMono: number | undefined
  /** Its deadline passed without one window that could be judged. */
  blind: boolean
  /** A verdict was reached and is on its way to the log. */
  judged: boolean
  /** That verdict says that it never started: a report that comes before the verdict takes it back. */
  notStarted: boolean
  /** No longer in the table: whoever still holds it forgets it. */
  gone: boolean
}

export interface ValidatingTable {
  of(node: NodeId): readonly Validating[]
  all(): Iterable<Validating>
  /** What time may have something to say about. Each is given once; `lookAgain` puts it back. */
  due(nowMono: number): readonly Validating[]
  lookAgain(item: Validating, dueMono: number): void
  /** Brings the table in line with a job, for the nodes named (all of its grants when none are). */
  sync(key: string, job: Job, nodes?: Iterable<NodeId>): void
  clear(): void
}

const NONE: Validating[] = []

export const createValidatingTable = (nowMono: () => number): ValidatingTable => {
  /** Hardly ever more than a few for one node. */
  const byNode = new Map<NodeId, Validating[]>()
  const nodesOfJob = new Map<string, Set<NodeId>>()
  const dueList = createDueList<Validating>()

  const drop = (key: string, node: NodeId): void => {
    const known = byNode.get(node) ?? NONE
    const at = known.findIndex(({ job }) => job === key)
    const item = known[at]
    if (item !== undefined) {
      item.gone = true
      if (known.length === 1) byNode.delete(node)
      else known.splice(at, 1)
    }
    nodesOfJob.get(key)?.delete(node)
  }

  const add = (key: string, node: NodeId, grant: Grant, { current }: Job['rollouts']): void => {
    if (current === undefined) return
    let known = byNode.get(node)
    if (known === undefined) byNode.set(node, (known = []))
    const at = known.findIndex(({ job }) => job === key)
    const before = known[at]
    const recovering = grant.verdict !== undefined
    if (before?.execution === grant.execution && before.recovering === recovering) return
    if (before !== undefined) before.gone = true
    const now = nowMono()
    const item: Validating = {
      job: key,
      node,
      execution: grant.execution,
      generation: [grant.epoch, grant.seq],
      grantedAt: grant.at,
      policy: current.policy.health,
      // The next windows go on where the failure left off: a run needs the counters at its beginning.
      run: recovering && before !== undefined ? { ...noWindows(), last: before.run.last } : noWindows(),
      recovering,
      sawGrant: false,
      unreadMs: 0,
      started: false,
      validatedMs: 0,
      lookedAtMono: now,
      connected: undefined,
      heardAtMono: before?.heardAtMono ?? -Infinity,
      askedAtMono: -Infinity,
      silentSinceMono: undefined,
      // A predecessor held the rollout because it could not see: this one does not see better for having just started.
      blind: current.holds?.visibility?.reason === 'windows_unknown',
      judged: false,
      notStarted: false,
      gone: false,
    }
    if (at < 0) known.push(item)
    else known[at] = item
    dueList.add(item, now)
    let nodes = nodesOfJob.get(key)
    if (nodes === undefined) nodesOfJob.set(key, (nodes = new Set()))
    nodes.add(node)
  }

  return {
    of: (node) => byNode.get(node) ?? NONE,
    *all() {
      for (const items of byNode.values()) yield* items
    },
    due: (now) => dueList.take(now),
    lookAgain: (item, dueMono) => dueList.add(item, dueMono),
    sync: (key, job, nodes) => {
      const { current, grants } = job.rollouts
      const isJudged = (grant: Grant | undefined): grant is Grant =>
        grant !== undefined && grant.rollout === current?.id && (grant.verdict === undefined || mayRecover(grant))
      for (const node of nodes ?? [...(nodesOfJob.get(key) ?? [])]) if (!isJudged(grants.get(node))) drop(key, node)
      if (current === undefined) return
      for (const node of nodes ?? grants.keys()) {
        const grant = grants.get(node)
        if (isJudged(grant)) add(key, node, grant, job.rollouts)
      }
    },
    clear: () => {
      for (const items of byNode.values()) for (const item of items) item.gone = true
      byNode.clear()
      nodesOfJob.clear()
      dueList.clear()
    },
  }
}

/** One that is stopped (its rollout has halted) or written off is of no interest. */
const mayRecover = ({ verdict, writtenOff, stopped }: Grant): boolean =>
  verdict?.is === 'failed' && writtenOff !== true && stopped !== true
