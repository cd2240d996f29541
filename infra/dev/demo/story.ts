/** What the demo has seen so far, folded from the event stream: where the job and each of its nodes stand. */
import type { EventView, HealthWindow, JobStateType, LogEvent, RolloutPolicy } from '@dunlin/contracts'

export type NodeProgress = 'waiting' | 'granted' | 'starting' | 'validating' | 'healthy' | 'failed' | 'deferred'

export interface NodeRow {
  readonly node: string
  /** From 0. */
  wave: number
  progress: NodeProgress
  /** The version that proved healthy here last and has not been stopped since. */
  runs: number | undefined
  reason: string
  evidence: readonly HealthWindow[]
  grantedAt?: number
  settledAt?: number
}

export interface RolloutStory {
  readonly id: string
  readonly version: number
  readonly policy: RolloutPolicy
  readonly openedAt: number
  targets: readonly string[]
  waves: readonly number[]
  /** From 0; -1 before the first. */
  wave: number
  phase: string
  halted?: { readonly reason: string; readonly message: string }
}

export interface Story {
  version: number
  state: JobStateType | undefined
  message: string
  rollout: RolloutStory | undefined
  readonly rows: Map<string, NodeRow>
  /** Every commit of the log, in order. */
  readonly commits: EventView[]
  /** Node and version of every execution that was granted. */
  readonly executions: Map<string, { readonly node: string; readonly version: number }>
}

export const newStory = (): Story => ({
  version: 0,
  state: undefined,
  message: '',
  rollout: undefined,
  rows: new Map(),
  commits: [],
  executions: new Map(),
})

/** The views carry events as the log holds them; both sides of this stream are of one release. */
export const eventsOf = (commit: EventView): readonly LogEvent[] => commit.events as unknown as readonly LogEvent[]

export const tellStory = (story: Story, commit: EventView): void => {
  story.commits.push(commit)
  const at = Date.parse(commit.at)
  for (const event of eventsOf(commit)) fold(story, event, at)
}

const fold = (story: Story, event: LogEvent, at: number): void => {
  const { rollout, rows } = story
  switch (event.type) {
    case 'JobCreated':
    case 'JobUpdated':
      story.version = event.version
      return
    case 'JobStateChanged':
      story.state = event.state
      story.message = event.message
      return
    case 'RolloutOpened':
      story.rollout = {
        id: event.rollout,
        version: event.version,
        policy: event.policy,
        openedAt: at,
        targets: [],
        waves: [],
        wave: -1,
        phase: 'planning',
      }
      return
    case 'PlanDrawn':
      if (rollout) rollout.targets = [...rollout.targets, ...event.targets]
      return
    case 'PlanCompleted':
      if (rollout) planned(story, rollout, event.waves)
      return
    case 'WaveStarted':
      if (rollout) rollout.wave = event.wave
      return
    case 'NodesGranted':
      for (const [node, execution] of event.grants) {
        story.executions.set(execution, { node, version: event.version })
        change(rows, node, { wave: event.wave, progress: 'granted', grantedAt: at })
      }
      return
    case 'ExecutionReported':
      return reported(story, event.execution, event.state)
    case 'VerdictsReached':
      for (const { node, verdict, reason, evidence } of event.verdicts)
        change(rows, node, {
          progress: verdict,
          reason,
          evidence,
          settledAt: at,
          ...(verdict === 'healthy' && rollout ? { runs: rollout.version } : {}),
        })
      return
    case 'NodesDeferred':
      for (const { node } of event.nodes) change(rows, node, { progress: 'deferred' })
      return
    case 'RolloutHalted':
      if (rollout) {
        rollout.phase = 'halted'
        rollout.halted = { reason: event.reason, message: event.message }
      }
      return
    case 'RolloutClosed':
      if (rollout?.id === event.rollout) rollout.phase = event.outcome
      return
    default:
      // The rest of the log is counted at the end and moves nothing on the screen.
      return
  }
}

const change = (rows: Map<string, NodeRow>, node: string, what: Partial<NodeRow>): void => {
  const row = rows.get(node)
  if (row !== undefined) Object.assign(row, what)
}

const planned = (story: Story, rollout: RolloutStory, waves: readonly number[]): void => {
  rollout.waves = waves
  rollout.phase = 'running'
  const before = new Map(story.rows)
  story.rows.clear()
  const waveOf = waves.flatMap((size, wave) => Array.from({ length: size }, () => wave))
  for (const [place, node] of rollout.targets.entries())
    story.rows.set(node, {
      node,
      wave: waveOf[place] ?? 0,
      progress: 'waiting',
      runs: before.get(node)?.runs,
      reason: '',
      evidence: [],
    })
}

const ended: ReadonlySet<string> = new Set(['stopped', 'completed', 'failed'])

/** A verdict stands: what the node says afterwards does not change it here. */
const reported = (story: Story, execution: string, state: string): void => {
  const granted = story.executions.get(execution)
  const row = granted && story.rows.get(granted.node)
  if (row === undefined || granted === undefined) return
  if (row.runs === granted.version && ended.has(state)) row.runs = undefined
  if (granted.version !== story.rollout?.version) return
  if (row.progress === 'healthy' || row.progress === 'failed') return
  if (state === 'starting') row.progress = 'starting'
  else if (state === 'running') row.progress = 'validating'
}
