/** Asks the API why version 2 was halted: it answers from the log alone, and computes every verdict again. */
import type { Fleet } from '../fleet.ts'
import { unexpected } from './follow-story.ts'
import { paint } from './paint.ts'
import { key } from './specs.ts'
import { rolloutOf, type Story } from './story.ts'
import { actorName } from './tell.ts'

/** @throws LaunchError when a recorded decision does not follow from what was recorded with it */
export const explainHalted = async (fleet: Fleet, story: Story): Promise<readonly string[]> => {
  const id = rolloutOf(story, 2)?.id ?? ''
  const { checked, decisions } = await fleet.client.rollouts.explain(key, id, { limit: 1000 })
  if (checked.decisions === 0 || checked.agree !== checked.decisions)
    throw unexpected(`of ${checked.decisions} recorded decisions ${checked.agree} follow from their evidence`)
  return [
    paint('bold', 'Why version 2 was halted, explained from the log'),
    ...decisions.flatMap(({ seq, by, message, checks = [] }) => [
      `  ${`#${seq}`.padStart(5)}  ${actorName(by).padEnd(14)} ${message}`,
      ...checks.map((check) => paint('green', `         ${''.padEnd(14)} agrees: ${check.message}`)),
    ]),
    paint(
      'dim',
      `  ${checked.decisions} recorded decisions were computed again, ${checked.agree} agree (dunlin explain rollout)`,
    ),
  ]
}
