/** A key that was deleted leaves a marker until it is purged; a marker is no value. */
import { headerIn } from './header-bytes.ts'
import type { Stored } from './stored.ts'

export const isMarker = (stored: Stored): boolean => {
  const operation = headerIn(stored.headerText, 'KV-Operation')
  return operation === 'DEL' || operation === 'PURGE'
}
