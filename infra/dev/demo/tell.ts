/** A commit as sentences: what happened, who decided it, on which evidence. */
import type { EventView, HealthWindow, JobUpdated, LogEvent, PlanCompleted } from '@dunlin/contracts'
import { eventsOf, type Story } from './story.ts'

export interface Told {
  readonly seq: number
  readonly at: string
  readonly by: string
  readonly text: string
  readonly mood: 'plain' | 'good' | 'bad' | 'quiet'
}

/** Facts about nodes come in masses and are shown by the table; what is said is what was decided. */
export const tellCommit = (commit: EventView, story: Story): readonly Told[] =>
  eventsOf(commit).flatMap((event) => {
    const said = sentence(event, story)
    if (said === undefined) return []
    const [text, mood = 'plain'] = said
    return [{ seq: commit.seq, at: commit.at.slice(11, 23), by: actorName(commit.by), text, mood }]
  })

/** `service:scheduler` -> `scheduler` */
export const actorName = (by: string): string => by.replace(/^(service|user|node):/, '')

type Said = readonly [string, Told['mood']?]

const sentence = (event: LogEvent, story: Story): Said | undefined => {
  switch (event.type) {
    case 'JobCreated':
      return ['created the job: version 1']
    case 'JobUpdated':
      return [`changed the job: version ${event.version}${howChanged(event)}`]
    case 'PlacementCompleted':
      return [`it belongs on ${event.count} nodes${leftOut(event.leftOut)}`]
    case 'RolloutOpened':
      return [`opens a rollout of version ${event.version} (${event.rolloutType}, ${event.policy.strategy})`]
    case 'PlanCompleted':
      return [plan(event)]
    case 'WaveStarted':
      return [`starts wave ${event.wave + 1}`]
    case 'NodesGranted':
      return [`grants version ${event.version} to ${event.grants.map(([node]) => node).join(', ')}`]
    case 'WavePassed':
      return [`wave ${event.wave + 1} has passed`, 'good']
    case 'NodesDeferred':
      return [`defers ${event.nodes.map(({ node, reason }) => `${node} (${reason})`).join(', ')}`]
    case 'GrantsRevoked':
      return [`takes back what ${event.nodes.join(', ')} did not start, silent now`]
    case 'PlacesFreed':
      return [`frees the places of ${event.nodes.join(', ')}`]
    case 'VerdictsReached':
      return [
        event.verdicts
          .map(
            ({ node, verdict, reason, evidence }) =>
              `${node} is ${verdict}: ${[reason, ...windows(evidence)].join(', ')}`,
          )
          .join('; '),
        event.verdicts.some(({ verdict }) => verdict === 'failed') ? 'bad' : 'good',
      ]
    case 'HoldPlaced':
      return [`holds the rollout (${event.hold}): ${event.message}`]
    case 'HoldLifted':
      return [`lifts the hold (${event.hold})${because(event.reason)}`]
    case 'RolloutResumed':
      return [`resumes the halted rollout, ${countOf(event.writtenOff, 'node')} written off${because(event.reason)}`]
    case 'RolloutHalted':
      return [`halts the rollout: ${event.message} (${event.reason})`, 'bad']
    case 'RolloutClosed':
      return [
        `closes the rollout: ${event.outcome}, ${event.counts.healthy} of ${event.counts.targets} healthy`,
        'good',
      ]
    case 'JobStateChanged':
      return [`the job is ${event.state}: ${event.message}`, moods[event.state] ?? 'quiet']
    case 'ExecutionReported': {
      const { state, error, attempt } = event
      if (error !== undefined) return [`${state}: ${error.message}`, 'bad']
      const version = story.executions.get(event.execution)?.version
      return [`version ${version ?? '?'} ${state}${attempt > 1 ? `, attempt ${attempt}` : ''}`, 'quiet']
    }
    default:
      return undefined
  }
}

const because = (reason: string | undefined): string => (reason === undefined ? '' : `: ${reason}`)

const countOf = (count: number, word: string): string => `${count} ${word}${count === 1 ? '' : 's'}`

const howChanged = ({ rolledBackFrom, rolledBackTo, rerun, reason }: JobUpdated): string => {
  if (rerun) return `, which runs the same again${because(reason)}`
  if (rolledBackFrom === undefined) return ''
  return `, with the content of version ${rolledBackTo ?? 'before'} instead of version ${rolledBackFrom}${because(reason)}`
}

const plan = ({ waves, budget, already = 0 }: PlanCompleted): string => {
  const atRisk = budget === undefined ? '' : `, at most ${budget} at risk at once`
  const left = already === 0 ? '' : `; ${countOf(already, 'node')} left alone`
  return `plans ${countOf(waves.length, 'wave')}: ${waves.join(' + ')} nodes${atRisk}${left}`
}

const moods: Readonly<Record<string, Told['mood']>> = { running: 'good', rollout_failed: 'bad', failed: 'bad' }

const leftOut = (counts: Readonly<Record<string, number>>): string => {
  const reasons = Object.entries(counts).filter(([, count]) => count > 0)
  return reasons.length === 0 ? '' : `; left out: ${reasons.map(([why, count]) => `${count} by ${why}`).join(', ')}`
}

/** `window 1: 0 of 24 failed, ...`: numbers as the node cut them and the verdict recorded them. */
const windows = (evidence: readonly HealthWindow[]): readonly string[] =>
  evidence.map(({ n, in: total, failed, disturbed }) => {
    const counts = disturbed === undefined ? `${failed} of ${total} failed` : disturbed.replaceAll('_', ' ')
    return `window ${n}: ${counts}`
  })
