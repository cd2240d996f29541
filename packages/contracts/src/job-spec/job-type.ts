/** Job types and their scheduling class. */
export const jobTypes = ['pipeline', 'query', 'update', 'config', 'process', 'container'] as const
export type JobType = (typeof jobTypes)[number]

/** daemon: every matching node, late joiners too; batch: runs to completion. */
export type SchedulingClass = 'daemon' | 'batch'

export interface ClassFacts {
  readonly type: JobType
  readonly restart_policy?: string | undefined
  readonly placement?: { readonly completions?: number | undefined } | undefined
}

export const schedulingClass = ({ type, restart_policy: restartPolicy, placement }: ClassFacts): SchedulingClass => {
  if (type === 'query' || type === 'update') return 'batch'
  if (restartPolicy === 'never' || placement?.completions !== undefined) return 'batch'
  return 'daemon'
}
