/** Fetches the state of a checkpoint from ARCHIVE and proves that it is the one that the commit names. */
import { DunlinError } from '@dunlin/contracts/agent'
import type { ObjectStore } from '../kv.ts'
import { decodeState, type CheckpointName, type StoredState } from './checkpoint.ts'

/**
 * A text says why there is no state to be had, now or later: the aggregate is then quarantined until the next checkpoint.
 * Throws what the object store throws (retryable) when it cannot be asked.
 */
export const fetchState = async (
  archive: Pick<ObjectStore, 'get'>,
  name: CheckpointName,
  sha256: (data: Uint8Array | string) => string,
): Promise<StoredState | string> => {
  const bytes = await archive.get(name.object)
  if (bytes === undefined) return `the archive has no object ${name.object}`
  if (sha256(bytes) !== name.sha256) return `the object ${name.object} is not what its hash says`
  try {
    return decodeState(bytes)
  } catch (error) {
    return error instanceof DunlinError ? error.message : `the object ${name.object} cannot be read`
  }
}
