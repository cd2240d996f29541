/**
 * Since when the documents without revoked grants stand in DESIRED. An agent activates only what it has read within
 * `fresh_for`; so that long after the newer document was seen here, nobody can activate the older one any more.
 */
import { desiredDocumentSchema, type NodeId } from '@dunlin/contracts'
import type { KeyValue } from '@dunlin/eventstore'
import type { Clock } from '@dunlin/runtime'

const FRESH_FOR_MS = 15 * 60 * 1000
/** Documents asked for at a time: an outage of a large site revokes many grants at once. */
const AT_A_TIME = 64

export interface StaleDocuments {
  /** Reads the documents of revoked nodes that were not seen yet; true when a place may have come free. */
  look(revoked: Iterable<readonly [NodeId, number]>): Promise<boolean>
  isStale(node: NodeId, revokedAt: number): boolean
}

const nameOf = (node: NodeId, revokedAt: number): string => `${node} ${revokedAt}`

export const createStaleDocuments = (desired: Pick<KeyValue, 'get'>, clock: Clock): StaleDocuments => {
  /** By node and revocation: an earlier one of the node, or one of another job, says nothing about this. */
  const seen = new Map<string, number>()

  const read = async (node: NodeId, revokedAt: number): Promise<void> => {
    const entry = await desired.get(node)
    if (entry === undefined) return
    const document = desiredDocumentSchema.safeParse(parse(entry.value))
    // A document that is not written yet, or cannot be read, frees nothing.
    if (!document.success || document.data.generation[1] < revokedAt) return
    seen.set(nameOf(node, revokedAt), clock.monotonicMs())
  }

  const isStale = (node: NodeId, revokedAt: number): boolean => {
    const sinceMono = seen.get(nameOf(node, revokedAt))
    return sinceMono !== undefined && clock.monotonicMs() - sinceMono > FRESH_FOR_MS
  }

  return {
    isStale,
    look: async (revoked) => {
      const all = [...revoked]
      const wanted = new Set(all.map(([node, revokedAt]) => nameOf(node, revokedAt)))
      for (const name of seen.keys()) if (!wanted.has(name)) seen.delete(name)
      const unseen = all.filter(([node, revokedAt]) => !seen.has(nameOf(node, revokedAt)))
      for (let from = 0; from < unseen.length; from += AT_A_TIME)
        await Promise.all(unseen.slice(from, from + AT_A_TIME).map(([node, seq]) => read(node, seq)))
      return all.some(([node, revokedAt]) => isStale(node, revokedAt))
    },
  }
}

const decoder = new TextDecoder()
const parse = (data: Uint8Array): unknown => {
  try {
    return JSON.parse(decoder.decode(data))
  } catch {
    return undefined
  }
}
