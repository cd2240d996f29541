/** Which executions validate: every latest grant without a verdict. Found by node, because heartbeats come by node. */
import type { ExecutionId, Generation, NodeId } from '@dunlin/contracts'
import { noWindows, type Grant, type HealthPolicy, type Job, type WindowRun } from '@dunlin/domain'

export interface Validating {
  readonly job: string
  readonly node: NodeId
  readonly execution: ExecutionId
  readonly generation: Generation
  readonly policy: HealthPolicy
  readonly run: WindowRun
  /** Monotonic time for which it has validated while its node was heard; the deadline counts this. */
  validatedMs: number
  /** When its deadline was looked at last, monotonic. */
  lookedAtMono: number
  /** When its missing windows were asked for last, monotonic. */
  askedAtMono: number
  /** A verdict was reached and is on its way to the log. */
  judged: boolean
}

export interface ValidatingTable {
  of(node: NodeId): Iterable<Validating>
  has(node: NodeId): boolean
  all(): Iterable<Validating>
  /** Brings the table in line with a job, for the nodes named (all of its grants when none are). */
  sync(key: string, job: Job, nodes?: Iterable<NodeId>): void
  clear(): void
}

export const createValidatingTable = (nowMono: () => number): ValidatingTable => {
  const byNode = new Map<NodeId, Map<string, Validating>>()
  const nodesOfJob = new Map<string, Set<NodeId>>()

  const drop = (key: string, node: NodeId): void => {
    const known = byNode.get(node)
    known?.delete(key)
    if (known?.size === 0) byNode.delete(node)
    nodesOfJob.get(key)?.delete(node)
  }

  const add = (key: string, node: NodeId, grant: Grant, policy: HealthPolicy): void => {
    let known = byNode.get(node)
    if (known === undefined) byNode.set(node, (known = new Map()))
    if (known.get(key)?.execution === grant.execution) return
    known.set(key, {
      job: key,
      node,
      execution: grant.execution,
      generation: [grant.epoch, grant.seq],
      policy,
      run: noWindows(),
      validatedMs: 0,
      lookedAtMono: nowMono(),
      askedAtMono: -Infinity,
      judged: false,
    })
    let nodes = nodesOfJob.get(key)
    if (nodes === undefined) nodesOfJob.set(key, (nodes = new Set()))
    nodes.add(node)
  }

  return {
    of: (node) => byNode.get(node)?.values() ?? [],
    has: (node) => byNode.has(node),
    *all() {
      for (const jobs of byNode.values()) yield* jobs.values()
    },
    sync: (key, job, nodes) => {
      const { current, grants } = job.rollouts
      const validates = (grant: Grant | undefined): grant is Grant =>
        grant !== undefined && grant.verdict === undefined && grant.rollout === current?.id
      for (const node of nodes ?? [...(nodesOfJob.get(key) ?? [])]) if (!validates(grants.get(node))) drop(key, node)
      if (current === undefined) return
      for (const node of nodes ?? grants.keys()) {
        const grant = grants.get(node)
        if (validates(grant)) add(key, node, grant, current.policy.health)
      }
    },
    clear: () => {
      byNode.clear()
      nodesOfJob.clear()
    },
  }
}
