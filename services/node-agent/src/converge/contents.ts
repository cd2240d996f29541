/** The contents that documents refer to: fetched once, checked against their name, cached in the journal. */
import { contentSchema, type Content, type Sha256 } from '@dunlin/contracts/agent'
import type { ContentProblem, ContentStatus } from '@dunlin/domain/agent'
import { sha256 } from '@dunlin/runtime/agent'
import type { Driver } from '../drivers/driver.ts'
import type { AgentPorts } from '../ports.ts'
import type { Problems } from '../report/problems.ts'
import { createPauses, untilDone, type Pauses } from '../retry.ts'
import type { Timings } from '../timings.ts'

export interface Contents {
  statusOf(hash: Sha256): ContentStatus
  /** The content, when it is there, whether or not this node can run it. */
  get(hash: Sha256): Content | undefined
  /** Fetches until it has it; calls back when the status changed. */
  fetch(hash: Sha256): void
  /** The connection is back: what is still missing is asked for at once. */
  hurry(): void
  keepOnly(hashes: ReadonlySet<Sha256>): void
}

interface Known {
  readonly content: Content
  readonly problem: ContentProblem | undefined
}

export const createContents = (
  ports: Pick<AgentPorts, 'specs' | 'journal' | 'logger' | 'clock' | 'random'>,
  drivers: ReadonlyMap<string, Driver>,
  timings: Timings,
  signal: AbortSignal,
  problems: Pick<Problems, 'raise' | 'clear'>,
  onChange: () => void,
): Contents => {
  const { specs, journal, logger } = ports
  const known = new Map<Sha256, Known>()
  const unreadable = new Map<Sha256, ContentProblem>()
  const fetching = new Map<Sha256, Pauses>()
  /** Contents whose stored body is another one. */
  const misfits = new Set<Sha256>()

  const load = (hash: Sha256): Known | undefined => {
    const there = known.get(hash)
    if (there) return there
    const content = journal.content(hash)
    if (!content) return undefined
    const made = { content, problem: problemOf(content, drivers) }
    known.set(hash, made)
    return made
  }

  /** True when there is nothing left to try; a body that does not fit its name may be repaired, so it is asked again. */
  const fetchOnce = async (hash: Sha256): Promise<true | undefined> => {
    try {
      const entry = await specs.get(hash)
      if (!entry) {
        logger.warn('a content is not stored yet', { content: hash })
        return undefined
      }
      const actual = sha256(entry.value)
      if (actual !== hash) {
        const message = `The stored content ${hash} does not fit its name: its SHA-256 is ${actual}.`
        problems.raise('content', { code: 'corrupt_document', message })
        misfits.add(hash)
        return undefined
      }
      if (misfits.delete(hash) && misfits.size === 0) problems.clear('content')
      keep(hash, entry.value)
      return true
    } catch (error) {
      logger.debug('a content could not be fetched', { content: hash, reason: String(error) })
      return undefined
    }
  }

  const keep = (hash: Sha256, body: Uint8Array): void => {
    const read = readContent(body)
    if ('problem' in read) return void unreadable.set(hash, read.problem)
    journal.saveContent(hash, read.content)
    known.set(hash, { content: read.content, problem: problemOf(read.content, drivers) })
  }

  return {
    statusOf: (hash) => {
      const there = load(hash)
      const problem = there?.problem ?? unreadable.get(hash)
      if (problem) return { is: 'unusable', problem }
      // What is only in memory could not be started again after a reboot: nothing begins with it.
      if (there) return { is: journal.isKept(hash) ? 'ready' : 'fetching' }
      return { is: fetching.has(hash) ? 'fetching' : 'absent' }
    },
    get: (hash) => load(hash)?.content,
    fetch: (hash) => {
      if (fetching.has(hash)) return
      const pauses = createPauses(ports, timings, signal)
      fetching.set(hash, pauses)
      void untilDone(signal, pauses, () => fetchOnce(hash)).then(() => {
        fetching.delete(hash)
        if (!signal.aborted) onChange()
      })
    },
    hurry: () => fetching.forEach((pauses) => pauses.cut()),
    keepOnly: (hashes) => {
      for (const hash of known.keys()) if (!hashes.has(hash)) known.delete(hash)
      for (const hash of unreadable.keys()) if (!hashes.has(hash)) unreadable.delete(hash)
      for (const hash of misfits) if (!hashes.has(hash)) misfits.delete(hash)
      if (misfits.size === 0) problems.clear('content')
      journal.keepContents(hashes)
    },
  }
}

const readContent = (body: Uint8Array): { content: Content } | { problem: ContentProblem } => {
  try {
    const parsed = contentSchema.safeParse(JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(body)))
    if (parsed.success) return { content: parsed.data }
    const [issue] = parsed.error.issues
    const message = `The content is not valid at "${issue?.path.join('.') ?? ''}": ${issue?.message ?? ''}`
    return { problem: { code: 'corrupt_document', message } }
  } catch (error) {
    return { problem: { code: 'corrupt_document', message: `The content cannot be read: ${String(error)}` } }
  }
}

const problemOf = (content: Content, drivers: ReadonlyMap<string, Driver>): ContentProblem | undefined => {
  const driver = drivers.get(content.type)
  if (driver) return driver.prepare(content)
  return {
    code: 'no_driver',
    message: `This node has no driver for jobs of type "${content.type}".`,
    hint: `It runs: ${[...drivers.keys()].join(', ')}.`,
  }
}
