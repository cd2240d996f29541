/** Job types, their scheduling class, and which of them this release can run. */
export const jobTypes = ['pipeline', 'query', 'update', 'config', 'process', 'container'] as const
export type JobType = (typeof jobTypes)[number]

/** Types that have a driver. The others are refused when applied, by name, rather than left waiting for a node. */
export const builtJobTypes = ['pipeline', 'process', 'query', 'config', 'update'] as const satisfies readonly JobType[]

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
