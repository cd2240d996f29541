/** A copy that may be folded on while the original stays: folds change in place what they hold. */
import type { Job } from '../../job/state.ts'

/** Lists and maps of the aggregate are copied; what stands in them (a grant, a record) only verdicts change, and nobody judges a copy. */
export const copyJob = ({ versions, placement, rollouts }: Job): Job => {
  const { current } = rollouts
  return {
    versions: apart(versions),
    placement: apart(placement),
    rollouts: { ...apart(rollouts), ...(current === undefined ? {} : { current: apart(current) }) },
    // What it remembers of commands plays no part in what is decided next.
    commands: { byId: new Map() },
  }
}

const apart = <T extends object>(record: T): T =>
  Object.fromEntries(Object.entries(record).map(([field, value]) => [field, copyOf(value)])) as T

const copyOf = (value: unknown): unknown => {
  if (value instanceof Map) return new Map(value)
  if (value instanceof Set) return new Set(value)
  if (Array.isArray(value)) return [...(value as unknown[])]
  return typeof value === 'object' && value !== null ? { ...value } : value
}
