/** Makes sure that the body a document refers to can be fetched: `spec.<content>` is written before the document. */
import type { Sha256 } from '@dunlin/contracts'
import { canonicalJson, contentOf, DunlinError, readCommit } from '@dunlin/contracts'
import { specOfStored, type PresentJob } from '@dunlin/domain'
import type { Work } from '../work.ts'

export interface Contents {
  /** Throws `DunlinError` when the content cannot be written or is not in the log any more. */
  ensure(job: PresentJob, content: Sha256): Promise<void>
  clear(): void
}

export const createContents = (work: Work): Contents => {
  const written = new Map<Sha256, Promise<void>>()

  const write = async (job: PresentJob, content: Sha256): Promise<void> => {
    const spec = job.versions.content === content ? job.versions.spec : await specOf(job, content)
    const body = new TextEncoder().encode(canonicalJson(contentOf(specOfStored(spec))))
    // Bodies are immutable: if one is there already, it is this one.
    await work.specs.put(content, body, 0)
  }

  const specOf = async (job: PresentJob, content: Sha256): Promise<Readonly<Record<string, unknown>>> => {
    const record = job.versions.history.findLast((version) => version.content === content)
    const recorded = record === undefined ? undefined : await work.log.at(record.seq)
    const commit = recorded === undefined ? undefined : readCommit(JSON.parse(new TextDecoder().decode(recorded.data)))
    if (commit !== undefined && 'ev' in commit)
      for (const event of commit.ev)
        if ((event.type === 'JobCreated' || event.type === 'JobUpdated') && event.content === content) return event.spec
    throw new DunlinError('internal', `The content ${content} is not in the log any more`)
  }

  return {
    ensure: (job, content) => {
      const known = written.get(content)
      if (known !== undefined) return known
      const writing = write(job, content).catch((error: unknown) => {
        written.delete(content)
        throw error
      })
      written.set(content, writing)
      return writing
    },
    clear: () => written.clear(),
  }
}
