/** The node's identity: made once and kept in the data directory, so that a node is the same after every restart. */
import { nodeIdSchema, type NodeId } from '@dunlin/contracts/agent'
import type { Clock, Random } from '@dunlin/runtime/agent'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { readText, writeDurably } from './drivers/task-dir.ts'

/** `wanted` wins when the directory has no identity yet; another one than the kept one is refused. */
export const nodeIdentity = (
  dataDir: string,
  wanted: string | undefined,
  { clock, random }: { readonly clock: Clock; readonly random: Random },
): NodeId => {
  mkdirSync(dataDir, { recursive: true, mode: 0o700 })
  const file = join(dataDir, 'node-id')
  const kept = readText(file)?.trim()
  if (kept && wanted && kept !== wanted)
    throw new Error(`${file} says "${kept}", but --node-id is "${wanted}". Give every node its own data directory.`)
  const id = nodeIdSchema.safeParse(kept || wanted || `n-${random.ulid(clock.nowMs()).toLowerCase()}`)
  if (!id.success) throw new Error(`"${kept || wanted}" is no node id: ${id.error.issues[0]?.message ?? ''}`)
  if (!kept) writeDurably(file, `${id.data}\n`)
  return id.data
}
