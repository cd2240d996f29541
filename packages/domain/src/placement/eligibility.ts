/** Whether one node may take one job, and if not, the reason that people and programs are told. */
import type { ParsedSelector } from '@dunlin/contracts'
import { specOfStored, type StoredSpec } from '../job/stored-spec.ts'
import type { NodeFacts } from '../node/facts.ts'
import { matchesSelector } from './selector.ts'

/** What an execution may use, in numbers; what is absent is not limited. */
export interface WantedResources {
  readonly cpus?: number | undefined
  /** Bytes. */
  readonly memory?: number | undefined
  /** Bytes. */
  readonly disk?: number | undefined
  readonly pids?: number | undefined
}

/** What a job asks of a node. */
export interface JobDemand {
  readonly selector: ParsedSelector
  /** The job's type: the node must have a driver for it. */
  readonly type: string
  readonly resources?: WantedResources | undefined
  /** `jobKeyText`; a node that is being drained keeps jobs by name. */
  readonly key?: string | undefined
  /** It has completed: who joins later does not reopen it. */
  readonly isCompleted?: boolean | undefined
}

export type LeftOutReason = 'selector' | 'removed' | 'cordoned' | 'drained' | 'capability' | 'capacity' | 'completed'
export interface LeftOut {
  readonly reason: LeftOutReason
  readonly because: string
}

/** The demand of a spec as the log keeps it. */
export const demandOfSpec = (
  spec: StoredSpec,
  selector: ParsedSelector,
  more: Pick<JobDemand, 'key' | 'isCompleted'> = {},
): JobDemand => {
  const { type, resources } = specOfStored(spec)
  return { selector, type, ...(resources === undefined ? {} : { resources }), ...more }
}

/**
 * `undefined` = it may. The selector comes first, so that the counts of a job speak of the nodes it meant. `placed`: the
 * job is there already, so that a cordon does not concern it.
 */
export const whyNotEligible = (demand: JobDemand, node: NodeFacts, placed = false): LeftOut | undefined => {
  if (node.removed) return { reason: 'removed', because: 'the node was removed' }
  const match = matchesSelector(demand.selector, node.id, node.labels)
  if (!match.matches) return { reason: 'selector', because: match.because }
  if (node.scheduling === 'cordoned' && !placed) return { reason: 'cordoned', because: 'the node is cordoned' }
  if (node.scheduling === 'draining' && !(placed && staysThere(demand, node)))
    return { reason: 'drained', because: 'the node is being drained' }
  if (!node.drivers.includes(demand.type))
    return { reason: 'capability', because: `the node has ${noDriver(demand.type)}` }
  const cannot = whatItCannotLimit(demand, node)
  if (cannot !== undefined)
    return { reason: 'capability', because: `the node cannot limit ${cannot} of ${demand.type} jobs` }
  const lacks = whatIsTooSmall(demand, node)
  if (lacks !== undefined) return { reason: 'capacity', because: lacks }
  if (demand.isCompleted === true && !placed)
    return { reason: 'completed', because: 'the job has completed; who joins later does not reopen it' }
  return undefined
}

/** A driver that needs something of the machine is absent where that is not found. */
const needs: Readonly<Record<string, string>> = {
  container: ': no Docker or Podman was found',
  query: ': no DuckDB was found',
}
const noDriver = (type: string): string => `no driver for ${type} jobs${needs[type] ?? ''}`

/** What nodes that are left out by `capability` lack for this job: whoever joins the counts knows no node by name. */
export const whatNodesLack = (spec: StoredSpec): string => {
  const { type, resources } = specOfStored(spec)
  return type === 'process' && resources !== undefined ? 'they cannot limit what the job asks for' : noDriver(type)
}

const staysThere = ({ key }: JobDemand, { staying }: NodeFacts): boolean =>
  key !== undefined && staying?.has(key) === true

/** Which capability enforces which limit; a container engine and a query keep their own. */
const enforcedBy = { cpus: 'cgroup.cpu', memory: 'cgroup.memory', pids: 'cgroup.pids' } as const

/**
 * Only where the node says what it can: one of an older release is trusted to do its best, and one whose operator takes
 * limits for advice runs the job without them.
 */
const whatItCannotLimit = ({ type, resources }: JobDemand, { capabilities }: NodeFacts): string | undefined => {
  if (type !== 'process' || resources === undefined || capabilities === undefined) return undefined
  if (capabilities.includes('limits.advisory')) return undefined
  const limits = Object.keys(enforcedBy) as (keyof typeof enforcedBy)[]
  return limits.find((limit) => resources[limit] !== undefined && !capabilities.includes(enforcedBy[limit]))
}

/** Compared with the node's total: what others use there is not counted. What the node does not tell fits. */
const whatIsTooSmall = ({ resources }: JobDemand, { resources: total }: NodeFacts): string | undefined => {
  if (resources === undefined || total === undefined) return undefined
  const { cpus = 0, memory = 0, disk = 0 } = resources
  if (cpus > total.cpus) return `the node has ${total.cpus} cpus, the job asks for ${cpus}`
  if (memory > total.memoryBytes)
    return `the node has ${size(total.memoryBytes)} of memory, the job asks for ${size(memory)}`
  if (total.diskBytes !== undefined && disk > total.diskBytes)
    return `the node has ${size(total.diskBytes)} of disk, the job asks for ${size(disk)}`
  return undefined
}

const size = (bytes: number): string =>
  bytes >= 1024 ** 3 ? `${(bytes / 1024 ** 3).toFixed(1)} GiB` : `${Math.ceil(bytes / 1024 ** 2)} MiB`
