/** Judges a stored verdict again from the windows that were stored with it, by the same function that judged it first. */
import { disturbances, type HealthWindow, type Verdict, type WindowEnd } from '@dunlin/contracts'
import { judgeWindows, noWindows, type HealthPolicy, type Judgement } from '../../rollout/health/judge.ts'
import type { Check } from './decision.ts'

export const judgeAgain = (verdict: Verdict, policy: HealthPolicy | undefined): Check => {
  const { node, reason, evidence } = verdict
  if (policy === undefined)
    return { is: 'not_computable', node, message: 'the policy of its rollout stands before what was read' }
  const { reached, early } = replay(evidence, policy)
  // As it was recorded until 0.3: an ending stood as a recovery without windows.
  if (reason === 'recovered' && evidence.length === 0)
    return { is: 'not_computable', node, message: 'it names no windows: the node said that it ended well' }
  if (early) return { is: 'disagrees', node, message: 'its windows had decided before the last of them' }
  switch (reason) {
    case 'success_threshold':
    case 'failure_threshold':
      return compare(verdict, reached, reason)
    case 'recovered':
      return compare(verdict, reached, 'success_threshold')
    case 'deadline':
      return reached === undefined
        ? { is: 'agrees', node, message: `no run of ${evidence.length} windows decides, so the deadline did` }
        : { is: 'disagrees', node, message: `its windows say ${reached.verdict} (${reached.reason}), not the deadline` }
    default:
      return {
        is: 'not_computable',
        node,
        message: `${reason} rests on what the node said or did not say, not on windows`,
      }
  }
}

const compare = (verdict: Verdict, reached: Judgement | undefined, reason: string): Check => {
  const { node } = verdict
  const same =
    reached !== undefined &&
    reached.verdict === verdict.verdict &&
    reached.reason === reason &&
    reached.window === verdict.window
  const said =
    reached === undefined ? 'no verdict' : `${reached.verdict} (${reached.reason} at window ${reached.window})`
  return {
    is: same ? 'agrees' : 'disagrees',
    node,
    message: `computed from ${verdict.evidence.length} windows: ${said}`,
  }
}

const letters: Readonly<Record<string, WindowEnd[3]>> = Object.fromEntries(
  Object.entries(disturbances).map(([letter, word]) => [word, letter as WindowEnd[3]]),
)

/** Each window is given its own beginning: between two that were stored, one may have been unknown. */
const replay = (
  windows: readonly HealthWindow[],
  policy: HealthPolicy,
): { readonly reached: Judgement | undefined; readonly early: boolean } => {
  const run = noWindows()
  let reached: Judgement | undefined
  for (const { n, in: messages, failed, disturbed } of windows) {
    if (reached !== undefined) return { reached, early: true }
    run.last = [n - 1, 0, 0, '']
    reached = judgeWindows(
      run,
      [[n, messages, failed, disturbed === undefined ? '' : (letters[disturbed] ?? '')]],
      policy,
    )
  }
  return { reached, early: false }
}
