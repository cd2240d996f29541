/**
 * What the engine decided: the plan, who was granted in which wave, every verdict, wave, hold, halt with its evidence, and
 * rollback. Left out is what differs between two runs of the same case: ids, instants, sequences, and the order of what happens
 * at one moment (heartbeats of one instant arrive in any order). Two fleets with equal decisions give the same digest.
 */
import type { JobSubjectEvent } from '@dunlin/contracts'
import { sha256 } from '@dunlin/runtime'
import type { JobCommit } from '../fleet/centre.ts'

const decisionsFrom = (history: readonly JobCommit[], version: number): readonly string[] => {
  const opened = history.findIndex(({ ev }) =>
    ev.some((event) => event.type === 'RolloutOpened' && event.version === version),
  )
  return history
    .slice(opened)
    .filter(({ by }) => by === 'service:rollout-engine')
    .flatMap(({ ev }) => ev.flatMap(essenceOf))
    .sort()
}

/** Over everything from the opening of that version's rollout on. */
export const digestFrom = (history: readonly JobCommit[], version: number): string =>
  sha256(decisionsFrom(history, version).join('\n'))

const essenceOf = (event: JobSubjectEvent): readonly string[] => {
  switch (event.type) {
    case 'RolloutOpened':
      return [`${event.type} ${event.rolloutType} ${event.version} ${event.content}`]
    case 'PlanCompleted':
      return [`${event.type} ${event.count} ${event.hash} ${event.waves.join()}`]
    case 'NodesGranted':
      return event.grants.map(([node]) => {
        const sick = event.unhealthy?.includes(node) === true ? ' unhealthy' : ''
        return `granted ${node} ${event.version} in ${event.wave}${sick}`
      })
    case 'VerdictsReached':
      return event.verdicts.map(({ node, verdict, reason, window }) => `judged ${node} ${verdict} ${reason} ${window}`)
    case 'RolloutHalted':
      return [`${event.type} ${event.reason}: ${event.message}`]
    case 'RolloutClosed':
      return [`${event.type} ${event.outcome}`]
    case 'JobUpdated':
      return [`${event.type} ${event.version} ${event.content}`]
    default:
      return [`${event.type} ${'wave' in event ? event.wave : ''}`]
  }
}
