/** What the demo has seen so far, folded from the event stream: where the job, its rollouts and each of its nodes stand. */
import type { EventView, Hold, JobStateType, LogEvent, NodesGranted, Verdict } from '@dunlin/contracts'
import { addOutcome } from '@dunlin/domain'
import { newRollout, planned, type NodeRow, type RolloutStory } from './rollout-story.ts'

export interface Story {
  version: number
  state: JobStateType | undefined
  message: string
  /** On how many nodes the job belongs. */
  placed: number
  /** Oldest first. */
  readonly rollouts: RolloutStory[]
  /** Nodes that were granted something and have not become healthy since, over all rollouts. */
  readonly atRisk: Set<string>
  /** The version that proved healthy on a node last and has not been stopped since. */
  readonly runs: Map<string, number>
  /** Every commit of the log, in order. */
  readonly commits: EventView[]
  /** Node and version of every execution that was granted. */
  readonly executions: Map<string, { readonly node: string; readonly version: number; readonly rollout: string }>
}

export const newStory = (): Story => ({
  version: 0,
  state: undefined,
  message: '',
  placed: 0,
  rollouts: [],
  atRisk: new Set(),
  runs: new Map(),
  commits: [],
  executions: new Map(),
})

/** The latest rollout of a version; without one, the latest of all. */
export const rolloutOf = ({ rollouts }: Story, version?: number): RolloutStory | undefined =>
  rollouts.findLast((one) => version === undefined || one.version === version)

/** The views carry events as the log holds them; both sides of this stream are of one release. */
export const eventsOf = (commit: EventView): readonly LogEvent[] => commit.events as unknown as readonly LogEvent[]

export const tellStory = (story: Story, commit: EventView): void => {
  story.commits.push(commit)
  const at = Date.parse(commit.at)
  for (const event of eventsOf(commit)) fold(story, event, commit.seq, at)
}

const fold = (story: Story, event: LogEvent, seq: number, at: number): void => {
  const rollout = 'rollout' in event ? story.rollouts.find(({ id }) => id === event.rollout) : undefined
  switch (event.type) {
    case 'JobCreated':
    case 'JobUpdated':
      story.version = event.version
      return
    case 'JobStateChanged':
      story.state = event.state
      story.message = event.message
      return
    case 'PlacementCompleted':
      story.placed = event.count
      return
    case 'RolloutOpened':
      story.rollouts.push(newRollout(event, at))
      return
    case 'ExecutionReported':
      return reported(story, event.execution, event.state)
    default:
      if (rollout !== undefined) foldRollout(story, rollout, event, seq, at)
  }
}

const foldRollout = (story: Story, rollout: RolloutStory, event: LogEvent, seq: number, at: number): void => {
  const { rows } = rollout
  switch (event.type) {
    case 'PlanDrawn':
      rollout.targets = [...rollout.targets, ...event.targets]
      return
    case 'PlanCompleted':
      return planned(rollout, event)
    case 'WaveStarted':
      rollout.wave = event.wave
      return
    case 'NodesGranted':
      return granted(story, rollout, event, at)
    case 'VerdictsReached':
      for (const verdict of event.verdicts) settled(story, rollout, verdict, at)
      return
    case 'NodesDeferred':
      for (const { node } of event.nodes) change(rows, node, { progress: 'deferred' })
      return
    case 'GrantsRevoked':
      for (const node of event.nodes) change(rows, node, { progress: 'deferred' })
      return
    case 'PlacesFreed':
      for (const node of event.nodes) story.atRisk.delete(node)
      return
    case 'HoldPlaced':
      rollout.holds.set(event.hold satisfies Hold, event.message)
      return
    case 'HoldLifted':
      rollout.holds.delete(event.hold)
      return
    case 'RolloutHalted':
      rollout.phase = 'halted'
      rollout.halted = { seq, reason: event.reason, message: event.message, evidence: event.evidence }
      return
    case 'RolloutResumed':
      rollout.phase = 'running'
      for (const { node, progress } of rows.values())
        if (progress === 'failed' || progress === 'lost') story.atRisk.delete(node)
      return
    case 'RolloutClosed':
      rollout.phase = event.outcome
      return
    default:
      // The rest of the log is counted at the end and moves nothing on the screen.
      return
  }
}

const change = (rows: RolloutStory['rows'], node: string, what: Partial<NodeRow>): void => {
  const row = rows.get(node)
  if (row !== undefined) Object.assign(row, what)
}

const granted = (story: Story, rollout: RolloutStory, event: NodesGranted, at: number): void => {
  for (const [node, execution] of event.grants) {
    story.executions.set(execution, { node, version: event.version, rollout: rollout.id })
    story.atRisk.add(node)
    // A node that joined after the plan was drawn has no row yet.
    if (!rollout.rows.has(node))
      rollout.rows.set(node, { node, wave: event.wave, progress: 'waiting', reason: '', evidence: [], counts: true })
    const counts = !(event.unhealthy ?? []).includes(node) || rollout.allUnhealthy
    change(rollout.rows, node, { wave: event.wave, progress: 'granted', grantedAt: at, counts })
  }
}

const settled = (story: Story, rollout: RolloutStory, verdict: Verdict, at: number): void => {
  const { node, reason, evidence } = verdict
  const row = rollout.rows.get(node)
  if (row === undefined) return
  if (row.settledAt === undefined && row.counts)
    rollout.outcomes = addOutcome(rollout.outcomes, verdict.verdict, rollout.policy.analysis?.p0 ?? 1)
  const progress = reason === 'lost_after' ? 'lost' : verdict.verdict
  Object.assign(row, { progress, reason, evidence, settledAt: at } satisfies Partial<NodeRow>)
  if (verdict.verdict !== 'healthy') return
  story.atRisk.delete(node)
  story.runs.set(node, rollout.version)
}

const ended: ReadonlySet<string> = new Set(['stopped', 'completed', 'failed'])

/** A verdict stands: what the node says afterwards does not change it here. */
const reported = (story: Story, execution: string, state: string): void => {
  const grant = story.executions.get(execution)
  if (grant === undefined) return
  if (story.runs.get(grant.node) === grant.version && ended.has(state)) story.runs.delete(grant.node)
  const row = story.rollouts.find(({ id }) => id === grant.rollout)?.rows.get(grant.node)
  if (row === undefined || row.settledAt !== undefined) return
  if (state === 'starting') row.progress = 'starting'
  else if (state === 'running') row.progress = 'validating'
}
