/** What must hold of every verdict: it follows from the windows that it names, or from what the node said. */
import type { HealthWindow, Verdict } from '@dunlin/contracts'
import { rolloutOf, type EventOf, type Sight } from './context.ts'
import type { RolloutEntry } from './ledger.ts'

export const checkVerdicts = (sight: Sight, event: EventOf<'VerdictsReached'>): void => {
  const rollout = rolloutOf(sight.job, event.rollout)
  if (rollout === undefined) return sight.fail('S9', 'verdicts of a rollout that was never opened')
  const seen = new Set<string>()
  for (const verdict of event.verdicts) {
    checkVerdict(sight, rollout, verdict)
    if (seen.has(verdict.node)) sight.fail('A1', `two verdicts on ${verdict.node} in a commit`)
    seen.add(verdict.node)
  }
}

const checkVerdict = ({ job, ledger, fail }: Sight, rollout: RolloutEntry, verdict: Verdict): void => {
  const grant = job.latest.get(verdict.node)
  if (grant?.execution !== verdict.execution || grant.rollout !== rollout.id)
    return fail('S9', `a verdict on ${verdict.node}, which was not granted that execution last`)
  if (grant.outcome !== undefined && (grant.outcome.is === 'healthy' || verdict.verdict === 'failed'))
    fail('S8', `${verdict.node} was ${grant.outcome.is} and is ${verdict.verdict} now`)
  const { health } = rollout.policy
  const healthy = (window: HealthWindow): boolean =>
    window.disturbed === undefined && window.failed <= window.in * health.maxErrorRate
  const node = ledger.nodes.get(verdict.node)
  const said = node?.said.get(verdict.execution)?.state
  const hasSaid = (state: string): boolean => node?.told.has(`${verdict.execution} ${state}`) === true
  const { reason, evidence } = verdict
  const claim = (holds: boolean, what: string): void => {
    if (!holds && node?.unsure !== true) fail('S9', `${verdict.node} is ${verdict.verdict} by ${reason}, but ${what}`)
  }
  switch (reason) {
    case 'recovered':
    case 'success_threshold':
      claim(verdict.verdict === 'healthy', 'that is no failure')
      claim(evidence.length >= health.successThreshold, `there are ${evidence.length} windows`)
      return claim(evidence.slice(-health.successThreshold).every(healthy), 'a window was bad')
    case 'failure_threshold':
      claim(evidence.length >= health.failureThreshold, `there are ${evidence.length} windows`)
      return claim(!evidence.slice(-health.failureThreshold).some(healthy), 'a window was good')
    case 'completed':
      return claim(hasSaid('completed'), `the node said ${said}`)
    case 'execution_failed':
      return claim(hasSaid('failed'), `the node said ${said}`)
    case 'lost_after':
      claim(ledger.nodes.get(verdict.node)?.connected === false, 'the log has it connected')
      return claim(node?.ever.has(verdict.execution) === true, 'it never started')
    case 'not_started':
      return claim(said === undefined, `the node said ${said}`)
    case 'deadline':
      return claim(verdict.verdict === 'failed', 'that is a failure')
    default:
      fail('S9', `nobody knows the reason ${reason}`)
  }
}
