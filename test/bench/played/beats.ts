/**
 * The heartbeats of one second, in one block of memory that is used again: what is measured must not collect the garbage
 * of the bench. A message's own bytes are made when it is delivered, and die young, as those of a socket do.
 */
import type { PlayedNode } from './node.ts'

export interface Beats {
  readonly count: number
  readonly bytes: number
  add(node: PlayedNode, text: string): void
  subject(index: number): string
  data(index: number): Uint8Array
  clear(): void
}

export const createBeats = (most: number, bytesEach = 2_048): Beats => {
  const block = new Uint8Array(most * bytesEach)
  const ends = new Uint32Array(most + 1)
  const nodes: PlayedNode[] = []
  const encoder = new TextEncoder()
  return {
    get count() {
      return nodes.length
    },
    get bytes() {
      return ends[nodes.length] ?? 0
    },
    add: (node, text) => {
      const from = ends[nodes.length] ?? 0
      const { read, written } = encoder.encodeInto(text, block.subarray(from))
      if (read < text.length) throw new Error('a heartbeat is larger than the bench thought')
      nodes.push(node)
      ends[nodes.length] = from + written
    },
    subject: (index) => (nodes[index] as PlayedNode).subjects.beat,
    data: (index) => block.subarray(ends[index], ends[index + 1]),
    clear: () => void (nodes.length = 0),
  }
}
