/**
 * Writes the desired documents of touched nodes. A document is written by compare-and-set and only if its generation is
 * higher than the stored one, so a lagging instance cannot bring back older content.
 */
import {
  compareGenerations,
  desiredDocumentSchema,
  DunlinError,
  MAX_DESIRED_BYTES,
  parseJobKeyText,
  type DesiredDocument,
  type DesiredExecution,
  type Generation,
  type NodeId,
} from '@dunlin/contracts'
import { buildDocument, desiredExecution, isPresent } from '@dunlin/domain'
import { doorbellSubject } from '@dunlin/nats'
import type { Work } from '../work.ts'
import { createContents } from './contents.ts'

interface Stored {
  readonly revision: number
  readonly generation: Generation
}

export interface DocumentWriter {
  /** Writes the documents of all marked nodes. */
  run(): Promise<void>
  /** Documents that are not known to be written, with the commit that changed each last; a snapshot keeps them. */
  pending(): readonly [NodeId, number][]
  /** Generation of the document as it was last written or read here. */
  written(node: NodeId): Generation | undefined
  /** Nodes whose document was written here and that may not have shown it yet; whoever sees that they did takes them out. */
  readonly unseen: Set<NodeId>
  /** Highest epoch of any document that was read or written here. */
  highestEpoch(): number
  /** Sends the stored document to the node's doorbell once more; false when the log does not answer. Never rejects. */
  ring(node: NodeId): Promise<boolean>
  clear(): void
}

/** Decisions queue behind bulk writes in the server, so derived writes keep a smaller window than appends. */
const AT_ONCE = 256

const encoder = new TextEncoder()
const decoder = new TextDecoder()

const readDocument = (data: Uint8Array): DesiredDocument | undefined => {
  try {
    return desiredDocumentSchema.parse(JSON.parse(decoder.decode(data)))
  } catch {
    return undefined
  }
}

export const createDocumentWriter = (work: Work): DocumentWriter => {
  const { fleet, desired, bus, logger } = work
  const stored = new Map<NodeId, Stored>()
  const unseen = new Set<NodeId>()
  const contents = createContents(work)
  let epoch = 0

  const keep = (node: NodeId, entry: Stored): void => {
    epoch = Math.max(epoch, entry.generation[0])
    stored.set(node, entry)
    unseen.add(node)
  }

  const inFlight = new Map<NodeId, number>()

  const run = async (): Promise<void> => {
    const touched = [...fleet.marks.documents]
    fleet.marks.documents.clear()
    for (const [node, seq] of touched) inFlight.set(node, seq)
    let next = 0
    const worker = async (): Promise<void> => {
      for (let entry = touched[next++]; entry !== undefined; entry = touched[next++]) await write(...entry)
    }
    await Promise.all(Array.from({ length: Math.min(AT_ONCE, touched.length) }, worker))
    inFlight.clear()
  }

  const again = (node: NodeId, seq: number): void => {
    if ((fleet.marks.documents.get(node) ?? 0) < seq) fleet.marks.documents.set(node, seq)
  }

  const write = async (node: NodeId, seq: number): Promise<void> => {
    const generation: Generation = [fleet.epoch(), seq]
    try {
      const known = stored.get(node)
      if (known !== undefined && compareGenerations(known.generation, generation) >= 0) return
      const document = await build(node, generation)
      const data = encoder.encode(JSON.stringify(document))
      if (data.length > MAX_DESIRED_BYTES)
        throw new DunlinError('node_full', `The document of ${node} would be ${data.length} bytes`)
      const revision = await desired.put(node, data, known?.revision ?? 0)
      if (revision !== undefined) return keep(node, { revision, generation })
      await reread(node)
      again(node, seq)
    } catch (thrown) {
      const error =
        thrown instanceof DunlinError ? thrown : new DunlinError('internal', String(thrown), { cause: thrown })
      work.failed('document', node, error, () => again(node, seq))
    }
  }

  /** Somebody else wrote, or this process has just started: take what is stored as the base. */
  const reread = async (node: NodeId): Promise<void> => {
    const entry = await desired.get(node)
    const document = entry === undefined ? undefined : readDocument(entry.value)
    if (entry === undefined) stored.delete(node)
    // One that cannot be read is replaced: generation 0 is below every computed one.
    else keep(node, { revision: entry.revision, generation: document?.generation ?? [0, 0] })
  }

  const build = async (node: NodeId, generation: Generation): Promise<DesiredDocument> => {
    const executions: DesiredExecution[] = []
    for (const key of fleet.grants.jobsOn(node)) {
      const aggregate = fleet.fold.get('job', key)
      if (aggregate === undefined || !isPresent(aggregate.state)) continue
      if (aggregate.condition.is !== 'ok') {
        executions.push(...(await storedEntries(node, key)))
        continue
      }
      const entry = desiredExecution(parseJobKeyText(key), aggregate.state, node, generation[0])
      if (entry === undefined) {
        fleet.grants.drop(key, node)
        continue
      }
      await contents.ensure(aggregate.state, entry.content)
      executions.push(entry)
    }
    return buildDocument(node, generation, executions)
  }

  /** A quarantined or read-only job keeps the entries it has: this process never drops or rebuilds them. */
  const storedEntries = async (node: NodeId, key: string): Promise<readonly DesiredExecution[]> => {
    const entry = await desired.get(node)
    const document = entry === undefined ? undefined : readDocument(entry.value)
    const { namespace, name } = parseJobKeyText(key)
    return document?.executions.filter(({ job }) => job.namespace === namespace && job.name === name) ?? []
  }

  return {
    run,
    pending: () => [...new Map([...inFlight, ...fleet.marks.documents])],
    written: (node) => stored.get(node)?.generation,
    unseen,
    highestEpoch: () => epoch,
    ring: async (node) => {
      try {
        const entry = await desired.get(node)
        if (entry === undefined) return true
        bus.publish(doorbellSubject(node), entry.value)
        logger.debug('rang again', { node })
        return true
      } catch (error) {
        logger.warn('could not ring again', { node, detail: String(error) })
        return false
      }
    },
    clear: () => {
      stored.clear()
      unseen.clear()
      contents.clear()
    },
  }
}
