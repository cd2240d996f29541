/** Each event of a job's subject in a sentence, for people who ask what was decided and why. */
import type { JobSubjectEvent, NodesDeferred, Verdict } from '@dunlin/contracts'
import { some } from './decision.ts'
import { nodeCount } from '../../words.ts'

export const tell = (event: JobSubjectEvent): string => {
  switch (event.type) {
    case 'JobCreated':
      return `the job was created as version ${event.version}`
    case 'JobUpdated':
      return updated(event)
    case 'JobStopped':
      return `the job was stopped${because(event.reason)}`
    case 'JobDeleted':
      return `the job was deleted${event.forced ? ' by force' : ''}${because(event.reason)}`
    case 'JobTimedOut':
      return `version ${event.version} ran into its ${event.timeout} timeout: everything of it is stopped`
    case 'JobStateChanged':
      return `the job is ${event.state.replace('_', ' ')}: ${event.message}${event.waitsFor === undefined ? '' : `; waits for ${event.waitsFor}`}`
    case 'CommandNoted':
      return 'a command that changed nothing was remembered'
    case 'Checkpointed':
      return `what was decided up to ${event.upto} was archived; the state stands in ${event.object.slice(0, 12)}`
    case 'PlacementChanged':
      return `${event.add.length} placed, ${event.remove.length} taken out`
    case 'PlacementCompleted':
      return `version ${event.version} belongs on ${nodeCount(event.count)} (${event.trigger.replaceAll('_', ' ')})${leftOut(event.leftOut)}`
    case 'RolloutOpened':
      return opened(event)
    case 'PlanDrawn':
      return `part ${event.part + 1} of the plan: ${nodeCount(event.targets.length)} in order, first ${some(event.targets, 3)}`
    case 'PlanCompleted':
      return planned(event)
    case 'WaveStarted':
      return `wave ${event.wave + 1} began`
    case 'WavePassed':
      return `wave ${event.wave + 1} is settled`
    case 'NodesGranted': {
      const sick = event.unhealthy?.length ?? 0
      const before = sick === 0 ? '' : `; ${sick} of them ${sick === 1 ? 'was' : 'were'} unhealthy before`
      return `version ${event.version} was granted to ${nodeCount(event.grants.length)} in wave ${event.wave + 1}: ${some(event.grants.map(([node]) => node))}${before}`
    }
    case 'NodesDeferred':
      return deferred(event)
    case 'GrantsRevoked':
      return `the grants of ${nodeCount(event.nodes.length)} that never started were revoked: ${some(event.nodes)}`
    case 'PlacesFreed':
      return `${nodeCount(event.nodes.length)} can no longer start what was revoked: ${some(event.nodes)}`
    case 'VerdictsReached':
      return verdicts(event.verdicts)
    case 'HoldPlaced':
      return `held (${event.hold}): ${event.message}`
    case 'HoldLifted':
      return `the hold ${event.hold} was lifted${because(event.reason)}`
    case 'RolloutHalted':
      return `halted (${event.reason}): ${event.message}`
    case 'RolloutResumed':
      return `resumed${because(event.reason)}: ${event.writtenOff} failed nodes are written off, evidence begins anew`
    case 'RolloutClosed': {
      const { healthy, targets, failed, deferred: left } = event.counts
      return `the rollout is ${event.outcome}${because(event.reason)}: ${healthy} of ${targets} healthy, ${failed} failed, ${left} deferred`
    }
    default:
      return event satisfies never
  }
}

/** A verdict with the windows that it rests on, shortly. */
export const tellVerdict = ({ node, verdict, reason, window, evidence }: Verdict): string => {
  let [messages, failed] = [0, 0]
  const disturbed = new Set<string>()
  for (const one of evidence) {
    messages += one.in
    failed += one.failed
    if (one.disturbed !== undefined) disturbed.add(one.disturbed.replace('_', ' '))
  }
  const traffic = messages === 0 ? 'no messages' : `${failed} of ${messages} messages failed`
  const over = evidence.length === 0 ? '' : `: ${traffic} in ${evidence.length} windows`
  const also = disturbed.size === 0 ? '' : `, ${[...disturbed].join(', ')}`
  return `${node} ${verdict} (${reason} at window ${window}${over}${also})`
}

const because = (reason: string | undefined): string => (reason === undefined ? '' : ` (${reason})`)

const leftOut = (counts: Readonly<Record<string, number>>): string => {
  const entries = Object.entries(counts).map(([reason, count]) => `${count} by ${reason}`)
  return entries.length === 0 ? '' : `; left out: ${entries.join(', ')}`
}

const updated = (event: Extract<JobSubjectEvent, { type: 'JobUpdated' }>): string => {
  const { version, rerun, rolledBackFrom, rolledBackTo, reason } = event
  if (rerun) return `version ${version} runs the same content again${because(reason)}`
  if (rolledBackFrom === undefined) return `the job was updated to version ${version}${because(reason)}`
  const to = rolledBackTo === undefined ? '' : ` to what version ${rolledBackTo} was`
  return `version ${version} rolls version ${rolledBackFrom} back${to}${because(reason)}`
}

const opened = ({ rolloutType, version, policy, supersedes }: Extract<JobSubjectEvent, { type: 'RolloutOpened' }>) => {
  const { health, analysis, maxParallel } = policy
  const halts =
    analysis === undefined ? '' : `, halts at evidence ${analysis.haltAt} against ${100 * analysis.p0} % failing`
  const instead = supersedes === undefined ? '' : `, in place of ${supersedes}`
  return (
    `${policy.strategy === 'immediate' ? 'an' : 'a'} ${policy.strategy} rollout (${rolloutType}) of version ${version} was opened${instead}: ` +
    `${maxParallel.value}${maxParallel.unit === 'percent' ? ' %' : ' nodes'} at once, ` +
    `healthy after ${health.successThreshold} windows of ${health.intervalMs / 1000} s${halts}`
  )
}

const planned = (event: Extract<JobSubjectEvent, { type: 'PlanCompleted' }>): string => {
  const { count, waves, budget, already = 0, unhealthy = 0 } = event
  return [
    `planned for ${nodeCount(count)} in ${waves.length === 1 ? 'one wave' : `${waves.length} waves`}`,
    ...(budget === undefined ? [] : [`${budget} may be at risk at once`]),
    ...(unhealthy > 0 ? [`${unhealthy} ${unhealthy === 1 ? 'is' : 'are'} unhealthy`] : []),
    ...(already > 0 ? [`${already} run it already`] : []),
  ].join(', ')
}

const deferred = ({ nodes }: NodesDeferred): string => {
  const reasons = [...new Set(nodes.map(({ reason }) => reason))].join(', ').replaceAll('_', ' ')
  return `${nodeCount(nodes.length)} deferred (${reasons}): ${some(nodes.map(({ node }) => node))}`
}

const verdicts = (all: readonly Verdict[]): string => {
  const healthy = all.filter(({ verdict }) => verdict === 'healthy').map(({ node }) => node)
  const failed = all.filter(({ verdict }) => verdict === 'failed')
  return [
    ...(healthy.length > 0 ? [`${nodeCount(healthy.length)} healthy: ${some(healthy)}`] : []),
    ...(failed.length > 0 ? [`${nodeCount(failed.length)} failed: ${some(failed.map(tellVerdict), 3)}`] : []),
  ].join('; ')
}
