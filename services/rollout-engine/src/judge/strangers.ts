/**
 * Reports that speak of executions which nobody granted, or no longer, or that the node did not write: they change nothing, and are counted by kind, so that
 * a forged or confused node can be seen.
 */
import { compareGenerations, jobKeyText, type ExecutionReported, type Generation } from '@dunlin/contracts'
import type { Grant } from '@dunlin/domain'

/** `older` is what every update leaves behind; the others should not happen. */
export type Stranger = 'older_generation' | 'never_granted' | 'from_the_future' | 'forged'
export type Strangers = Record<Stranger, number>

export const noStrangers = (): Strangers => ({
  older_generation: 0,
  never_granted: 0,
  from_the_future: 0,
  forged: 0,
})

/** `undefined` when the report speaks of the node's present grant. `newest`: the generation of the last commit folded. */
export const strangerIn = (
  { execution, generation }: Pick<ExecutionReported, 'execution' | 'generation'>,
  grant: Grant | undefined,
  newest: Generation,
): Stranger | undefined => {
  if (grant?.execution === execution) return undefined
  if (compareGenerations(generation, newest) > 0) return 'from_the_future'
  // Without a grant nothing is left to compare with: the job was stopped, or the node taken out.
  if (grant === undefined || compareGenerations(generation, [grant.epoch, grant.seq]) < 0) return 'older_generation'
  return 'never_granted'
}

export const jobOf = (report: Pick<ExecutionReported, 'job'>): string => jobKeyText(report.job)
