/** Whether a node can keep what a content demands. A limit that is not kept is refused rather than forgotten. */
import { limitsSchema, type Content, type Limits } from '@dunlin/contracts/agent'
import type { ContentProblem } from '@dunlin/domain/agent'
import type { CgroupBackend } from './backend.ts'

export interface LimitPolicy {
  readonly cgroups: CgroupBackend
  /** The operator of the node takes limits for advice where they cannot be enforced. */
  readonly advisory: boolean
}

export const limitsOf = ({ resources }: Pick<Content, 'resources'>): Limits => {
  const parsed = limitsSchema.safeParse(resources ?? {})
  return parsed.success ? parsed.data : {}
}

/** `disk` is measured by the agent itself and needs nothing of the kernel. */
export const limitsProblem = (content: Content, { cgroups, advisory }: LimitPolicy): ContentProblem | undefined => {
  if (advisory) return undefined
  const limits = limitsOf(content)
  const missing = (['memory', 'cpus', 'pids'] as const).filter(
    (what) => limits[what] !== undefined && !cgroups.enforces.has(what),
  )
  if (missing.length === 0) return undefined
  return {
    code: 'limits_unsupported',
    message: `This node cannot enforce resources.${missing.join(', resources.')}: ${cgroups.reason ?? 'no control groups'}`,
    hint: 'Take the limits out, choose other nodes, or start the agent with --advisory-limits.',
  }
}

const capabilityOf = { memory: 'cgroup.memory', cpus: 'cgroup.cpu', pids: 'cgroup.pids' } as const

/** As the node announces it: what it enforces, whether it ends whole trees, and whether limits are only advice here. */
export const limitCapabilities = ({ cgroups, advisory }: LimitPolicy): string[] => [
  ...[...cgroups.enforces].map((what) => capabilityOf[what]).toSorted(),
  ...(cgroups.contains ? ['cgroup.kill'] : []),
  ...(advisory ? ['limits.advisory'] : []),
]
