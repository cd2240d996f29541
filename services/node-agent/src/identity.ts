/**
 * The node's identity: made once and kept in the data directory, so that a node is the same after every restart. A directory
 * in which a node has lived never becomes another node by itself: that would leave its tasks to nobody and its place to a stranger.
 */
import { DunlinError, nodeIdSchema, type NodeId } from '@dunlin/contracts/agent'
import type { Clock, Random } from '@dunlin/runtime/agent'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { readMembership } from './credentials/membership.ts'
import { writeDurably } from './drivers/task-dir.ts'
import { makeFolderDurably } from './durable-folder.ts'

interface Ports {
  readonly clock: Clock
  readonly random: Random
}

/** `wanted` wins as long as no node has joined or run here. @throws DunlinError corrupt_document; Error for another id. */
export const nodeIdentity = (dataDir: string, wanted: string | undefined, ports: Ports): NodeId => {
  makeFolderDurably(dataDir, 0o700)
  const file = join(dataDir, 'node-id')
  const kept = read(file)
  const joined = readMembership(dataDir)?.node
  const id = idOf(
    whoItIs({ file, dataDir, kept, joined, wanted }) ?? `n-${ports.random.ulid(ports.clock.nowMs()).toLowerCase()}`,
  )
  if (kept.is !== 'whole' || kept.id !== id) writeDurably(file, `${id}\n`)
  return id
}

/** Written in one piece with its newline, so anything else is what a broken disk or a person has left. */
type Kept = { readonly is: 'absent' } | { readonly is: 'whole' | 'broken'; readonly id: string }

const read = (file: string): Kept => {
  try {
    const text = readFileSync(file, 'utf8')
    const id = text.trim()
    return { is: text.endsWith('\n') && nodeIdSchema.safeParse(id).success ? 'whole' : 'broken', id }
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return { is: 'absent' }
    throw unusable(
      `${file} cannot be read: ${error instanceof Error ? error.message : String(error)}`,
      'Let it be read.',
    )
  }
}

interface Known {
  readonly file: string
  readonly dataDir: string
  readonly kept: Kept
  /** Whom the server knows here. */
  readonly joined: NodeId | undefined
  readonly wanted: string | undefined
}

/** Undefined when nobody has ever been here. */
const whoItIs = ({ file, dataDir, kept, joined, wanted }: Known): string | undefined => {
  if (kept.is === 'whole' && joined !== undefined && kept.id !== joined)
    throw unusable(
      `${file} says "${kept.id}", but the credentials beside it belong to "${joined}".`,
      `One of them came from another node. If this is ${joined}, remove node-id; if not, remove credentials/ and join anew.`,
    )
  const known = joined ?? (kept.is === 'whole' ? kept.id : undefined)
  if (known !== undefined) {
    if (wanted === undefined || wanted === known) return known
    // It was asked for and never used: a join that was refused leaves it there.
    if (joined === undefined && !hasRun(dataDir)) return wanted
    throw new Error(`${file} says "${known}", but --node-id is "${wanted}". Give every node its own data directory.`)
  }
  if (wanted !== undefined) return wanted
  const whose = 'Start it with --node-id ID (dunlin get nodes shows the ids)'
  const anew = 'for a new node, remove node-id, journal.db* and tasks/ first'
  if (kept.is === 'broken')
    throw unusable(
      `${file} ${kept.id === '' ? 'is empty' : `was cut, or is no id: "${kept.id}"`}.`,
      `${whose}; ${anew}.`,
    )
  if (hasRun(dataDir)) throw unusable(`${file} is missing, and a node has run here.`, `${whose}; ${anew}.`)
  return undefined
}

const hasRun = (dataDir: string): boolean => existsSync(join(dataDir, 'journal.db'))

const idOf = (text: string): NodeId => {
  const id = nodeIdSchema.safeParse(text)
  if (id.success) return id.data
  throw new Error(`"${text}" is no node id: ${id.error.issues[0]?.message ?? ''}`)
}

const unusable = (message: string, hint: string): DunlinError => new DunlinError('corrupt_document', message, { hint })
