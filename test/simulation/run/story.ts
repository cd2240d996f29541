/** The story of a run for people: what was done, what broke, and what the log says about it, in one line each. */
import { readRecorded } from '../laws/ledger.ts'
import type { Recorded } from '@dunlin/eventstore'
import type { JobSubjectEvent, NodeEvent, ReportEvent } from '@dunlin/contracts'

type Told = JobSubjectEvent | NodeEvent | ReportEvent

/** Lines of the world, then those of the log; both begin with the simulated instant. */
export const storyOf = (
  told: readonly string[],
  log: readonly Recorded[],
  storedAt: (seq: number) => number,
): string[] => {
  const lines = log.map((recorded) => {
    const read = readRecorded(recorded)
    const at = (storedAt(recorded.seq) / 1000).toFixed(3).padStart(10)
    if (read === undefined) return `${at} s  #${recorded.seq} ${recorded.subject}: unreadable`
    const events = (read.commit.ev as readonly Told[]).map(lineOf).join('; ')
    return `${at} s  #${recorded.seq} ${read.kind} ${read.key}: ${events}  (${read.commit.by})`
  })
  return [...told, '', ...lines]
}

const lineOf = (event: Told): string => {
  switch (event.type) {
    case 'JobCreated':
    case 'JobUpdated':
      return `${event.type} v${event.version} ${event.content.slice(0, 6)}`
    case 'JobStateChanged':
      return `state ${event.state} "${event.message}"`
    case 'PlacementCompleted':
      return `placed ${event.count} for v${event.version}`
    case 'PlacementChanged':
      return `placement +${event.add.length} -${event.remove.length}`
    case 'RolloutOpened':
      return `rollout opened: ${event.rolloutType} v${event.version} ${event.policy.strategy}`
    case 'PlanCompleted':
      return `plan of ${event.count} in waves ${event.waves.join()}, budget ${event.budget}`
    case 'WaveStarted':
    case 'WavePassed':
      return `${event.type} ${event.wave}`
    case 'NodesGranted':
      return `granted v${event.version} wave ${event.wave}: ${event.grants.map(([node, x]) => `${short(node)}=${x.slice(-4)}`).join(' ')}`
    case 'NodesDeferred':
      return `deferred ${event.nodes.map(({ node, reason }) => `${short(node)} ${reason}`).join(', ')}`
    case 'GrantsRevoked':
    case 'PlacesFreed':
      return `${event.type} ${event.nodes.map(short).join()}`
    case 'VerdictsReached':
      return event.verdicts.map(({ node, verdict, reason }) => `${short(node)} ${verdict} (${reason})`).join(', ')
    case 'HoldPlaced':
      return `hold ${event.hold}: ${event.reason}`
    case 'HoldLifted':
      return `hold ${event.hold} lifted`
    case 'RolloutHalted':
      return `HALTED ${event.reason}: ${event.message}`
    case 'RolloutClosed':
      return `rollout ${event.outcome}`
    case 'ExecutionReported':
      return `${event.execution.slice(-4)} ${event.state}`
    default:
      return event.type
  }
}

const short = (node: string): string => node.replace(/^sim-0*(?=\d)/, 'n')
