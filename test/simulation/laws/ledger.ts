/**
 * A naive account of the log, kept apart from the code under test: plain records of who was granted what, and what came of
 * it. Nothing here is shared with the domain, so that a mistake there does not excuse itself.
 */
import {
  readCommit,
  type Commit,
  type JobSubjectEvent,
  type NodeEvent,
  type ReportEvent,
  type RolloutEvent,
} from '@dunlin/contracts'
import type { Recorded } from '@dunlin/eventstore'
import { parseLogSubject } from '@dunlin/nats'
import { newJobEntry, newVersion, type GrantEntry, type JobEntry, type RolloutEntry } from './ledger-entries.ts'
import { enterNode, enterReport, newNodeEntry, type NodeEntry } from './ledger-nodes.ts'

export type { JobEntry, RolloutEntry } from './ledger-entries.ts'

export interface Ledger {
  readonly jobs: Map<string, JobEntry>
  readonly nodes: Map<string, NodeEntry>
  epoch: number
}

export type ReadCommit =
  | { readonly kind: 'job'; readonly key: string; readonly seq: number; readonly commit: Commit<JobSubjectEvent> }
  | { readonly kind: 'node'; readonly key: string; readonly seq: number; readonly commit: Commit<NodeEvent> }
  | { readonly kind: 'report'; readonly key: string; readonly seq: number; readonly commit: Commit<ReportEvent> }
  | { readonly kind: 'log'; readonly key: string; readonly seq: number; readonly commit: Commit }

const decoder = new TextDecoder()

const parse = (data: Uint8Array): unknown => {
  try {
    return JSON.parse(decoder.decode(data))
  } catch {
    return undefined
  }
}

/** `undefined` for what is no commit of the log. */
export const readRecorded = ({ subject, data, seq }: Recorded): ReadCommit | undefined => {
  const route = parseLogSubject(subject)
  const commit = readCommit(parse(data))
  if (route === undefined || !('ev' in commit)) return undefined
  return { ...route, seq, commit } as ReadCommit
}

export const newLedger = (): Ledger => ({ jobs: new Map(), nodes: new Map(), epoch: 0 })

export const currentOf = (job: JobEntry): RolloutEntry | undefined => job.rollouts.at(-1)

/** With those that may still start what was taken back from them. */
export const atRiskOf = (job: JobEntry): ReadonlySet<string> => new Set([...job.risk, ...job.revoked.keys()])

const jobOf = (ledger: Ledger, key: string): JobEntry => {
  let job = ledger.jobs.get(key)
  if (job === undefined) {
    job = newJobEntry()
    ledger.jobs.set(key, job)
  }
  return job
}

export const nodeOf = (ledger: Ledger, id: string): NodeEntry => {
  let node = ledger.nodes.get(id)
  if (node === undefined) {
    node = newNodeEntry()
    ledger.nodes.set(id, node)
  }
  return node
}

/** Asked ahead of each event, with the ledger as it is before. */
interface Asked {
  readonly ofJob?: (event: JobSubjectEvent, job: JobEntry) => void
  readonly ofReport?: (event: ReportEvent) => void
}

/** Writes a commit into the ledger, event by event. */
export const enter = (ledger: Ledger, read: ReadCommit, asked: Asked = {}): void => {
  switch (read.kind) {
    case 'job': {
      const job = jobOf(ledger, read.key)
      for (const event of read.commit.ev) {
        asked.ofJob?.(event, job)
        enterJob(job, event, read.seq, read.commit.at)
      }
      return
    }
    case 'node':
      for (const event of read.commit.ev) enterNode(nodeOf(ledger, read.key), event, read.seq, read.commit.at)
      return
    case 'report':
      for (const event of read.commit.ev) {
        asked.ofReport?.(event)
        enterReport(nodeOf(ledger, read.key), event)
      }
      return
    case 'log':
      for (const event of read.commit.ev as readonly { type: string; epoch?: number }[])
        if (event.type === 'EpochRaised') ledger.epoch = event.epoch ?? ledger.epoch
      return
    default:
      return read satisfies never
  }
}

const enterJob = (job: JobEntry, event: JobSubjectEvent, seq: number, at: number): void => {
  switch (event.type) {
    case 'JobCreated':
      Object.assign(job, {
        placed: new Set(),
        rollouts: [],
        proven: [],
        lifecycle: 'active',
        version: event.version,
        content: event.content,
        ...newVersion(event.spec, at),
      })
      return releaseAll(job)
    case 'JobUpdated':
      Object.assign(job, {
        version: event.version,
        content: event.content,
        lifecycle: 'active',
        ...newVersion(event.spec, at),
      })
      return
    case 'JobStopped':
      job.lifecycle = 'stopped'
      return releaseAll(job)
    case 'JobTimedOut':
      job.lifecycle = 'failed'
      return releaseAll(job)
    case 'JobDeleted':
      job.lifecycle = 'deleted'
      return releaseAll(job)
    case 'PlacementChanged': {
      const parts = event.part === 0 ? [] : (job.changes.get(event.evaluation) ?? [])
      job.changes.set(event.evaluation, [...parts, { add: event.add, remove: event.remove }])
      return
    }
    case 'PlacementCompleted':
      for (const { add, remove } of job.changes.get(event.evaluation) ?? []) {
        for (const node of add) job.placed.add(node)
        for (const node of remove) unplace(job, node)
      }
      job.changes.clear()
      return
    case 'JobStateChanged':
      job.queuedAt = event.state === 'queued' ? (job.queuedAt ?? at) : undefined
      job.state = event.state
      return
    case 'CommandNoted':
    case 'Checkpointed':
      return
    case 'RolloutOpened':
      job.highestOpened = Math.max(job.highestOpened, event.version)
      job.rollouts.push({
        id: event.rollout,
        type: event.rolloutType,
        version: event.version,
        content: event.content,
        policy: event.policy,
        phase: 'planning',
        holds: new Map(),
        targets: [],
        waves: [],
        budget: 0,
        unhealthy: 0,
        wave: -1,
        passed: 0,
        slots: new Map(),
        grants: [],
        outcomes: [],
        resumed: 0,
        grantedBefore: new Set([...job.latest.keys(), ...atRiskOf(job)]),
      })
      return
    default: {
      const rollout = job.rollouts.find(({ id }) => id === event.rollout)
      if (rollout !== undefined) enterRollout(job, rollout, event, seq)
    }
  }
}

const releaseAll = (job: JobEntry): void => {
  job.latest.clear()
  job.risk.clear()
  job.revoked.clear()
}

const unplace = (job: JobEntry, node: string): void => {
  job.placed.delete(node)
  job.latest.delete(node)
  job.risk.delete(node)
  job.revoked.delete(node)
  const rollout = currentOf(job)
  if (rollout?.slots.has(node)) rollout.slots.set(node, 'removed')
}

const overtakenBy = (job: JobEntry, node: string): GrantEntry['overtakes'] => {
  if (job.risk.has(node)) return 'at risk'
  const former = job.latest.get(node)
  return former === undefined || former.outcome?.is === 'healthy' ? undefined : 'written off'
}

/**
 * The node never started it, as far as anybody knows: what it was granted before stands again. Where that had not settled
 * healthy, its last healthy execution may have ended for it, so that one is not known to run.
 */
const takeBack = (job: JobEntry, node: string): GrantEntry | undefined => {
  const revoked = job.latest.get(node)
  const before = revoked?.lastHealthy
  if (before === undefined) job.latest.delete(node)
  else if (revoked?.overtakes === undefined) job.latest.set(node, before)
  else {
    const { outcome: _, ...unproven } = before
    job.latest.set(node, { ...unproven, lastHealthy: before })
  }
  return revoked
}

const enterRollout = (
  job: JobEntry,
  rollout: RolloutEntry,
  event: Exclude<RolloutEvent, { type: 'RolloutOpened' }>,
  seq: number,
): void => {
  switch (event.type) {
    case 'PlanDrawn':
      if (event.part === 0) rollout.targets = []
      rollout.targets.push(...event.targets)
      return
    case 'PlanCompleted':
      rollout.phase = 'running'
      rollout.waves = event.waves
      rollout.budget = event.budget ?? 0
      rollout.unhealthy = event.unhealthy ?? 0
      return
    case 'WaveStarted':
      rollout.wave = event.wave
      return
    case 'WavePassed':
      rollout.passed = event.wave + 1
      return
    case 'NodesGranted':
      for (const [node, execution] of event.grants) {
        const former = job.latest.get(node)
        const grant: GrantEntry = {
          node,
          execution,
          rollout: rollout.id,
          content: event.content,
          epoch: event.epoch,
          seq,
          wasUnhealthy: event.unhealthy?.includes(node) === true && rollout.unhealthy < rollout.targets.length,
          lastHealthy: former?.outcome?.is === 'healthy' ? former : former?.lastHealthy,
          overtakes: overtakenBy(job, node),
        }
        job.latest.set(node, grant)
        job.risk.add(node)
        job.revoked.delete(node)
        job.generations.set(node, [event.epoch, seq])
        job.executions.add(execution)
        rollout.grants.push(grant)
        rollout.slots.set(node, 'open')
      }
      return
    case 'NodesDeferred':
      for (const { node, reason } of event.nodes) {
        rollout.slots.set(node, 'deferred')
        if (reason === 'revoked' && takeBack(job, node)?.overtakes !== 'at risk') job.risk.delete(node)
      }
      return
    case 'GrantsRevoked':
      for (const node of event.nodes) {
        rollout.slots.set(node, 'deferred')
        if (takeBack(job, node)?.overtakes === 'at risk') continue
        job.risk.delete(node)
        job.revoked.set(node, seq)
      }
      return
    case 'PlacesFreed':
      for (const node of event.nodes) job.revoked.delete(node)
      return
    case 'VerdictsReached':
      for (const { node, execution, verdict, reason } of event.verdicts) {
        const grant = job.latest.get(node)
        if (grant?.execution !== execution) continue
        if (grant.outcome === undefined && !grant.wasUnhealthy) rollout.outcomes.push(verdict === 'failed')
        grant.outcome = { is: verdict, reason }
        if (verdict === 'healthy') job.risk.delete(node)
        rollout.slots.set(node, verdict === 'healthy' ? 'healthy' : reason === 'lost_after' ? 'lost' : 'failed')
        // It had no target left when it completed, and is proven by who joined since.
        if (verdict === 'healthy' && rollout.phase === 'completed') prove(job, rollout)
      }
      return
    case 'HoldPlaced':
      rollout.holds.set(event.hold, event.reason)
      return
    case 'HoldLifted':
      rollout.holds.delete(event.hold)
      return
    case 'RolloutHalted':
      rollout.phase = 'halted'
      if (event.reason !== 'requested') job.proven = job.proven.filter((content) => content !== rollout.content)
      return
    case 'RolloutResumed':
      if (rollout.phase === 'halted') rollout.outcomes = []
      rollout.phase = 'running'
      rollout.resumed += 1
      rollout.holds.delete('budget')
      for (const node of event.nodes ?? failedIn(rollout)) job.risk.delete(node)
      return
    case 'RolloutClosed':
      rollout.phase = event.outcome
      if (event.outcome === 'completed' && [...rollout.slots.values()].includes('healthy')) prove(job, rollout)
      return
    default:
      return event satisfies never
  }
}

/** More names than fit are left out: then it is everybody who has failed in it. */
const failedIn = ({ slots }: RolloutEntry): readonly string[] =>
  [...slots].flatMap(([node, slot]) => (slot === 'failed' || slot === 'lost' ? [node] : []))

const prove = (job: JobEntry, { content }: RolloutEntry): void => {
  job.proven = [...job.proven.filter((one) => one !== content), content]
}
