/** `dunlin log compact`: archives, checkpoints and purges, by the event store's rules. */
import { DunlinError, type CompactedView, type JobKey } from '@dunlin/contracts'

export interface CompactRequest {
  readonly jobs?: readonly JobKey[] | undefined
  readonly dryRun: boolean
}
export type Compact = (request: CompactRequest) => Promise<CompactedView>

export const createCompact = (): Compact => async () => {
  throw new DunlinError('not_built', 'Compaction of the log is not built yet.')
}
