/**
 * Keys and values on a stream with one message per subject, by compare-and-set on the subject: leases, desired documents
 * and spec bodies. Reads come from the leader. It is not the client's KV, because its writes neither keep a window nor
 * survive a lost answer.
 */
import type { DocumentStore, KvEntry } from '@dunlin/eventstore'
import { createInbox } from 'nats'
import { apiRequest, asDunlinError } from './api.ts'
import type { Link } from './connection.ts'
import { headerIn, preparedHeader } from './header-bytes.ts'
import { isMarker } from './marker.ts'
import type { Publisher, PublishOutcome } from './publisher.ts'
import { getStored, type Stored } from './stored.ts'
import { decodeToken, encodeToken } from './token.ts'

export interface KvOptions {
  readonly stream: string
  /** Subject up to and with the dot before the key's token. */
  readonly prefix: string
  readonly windowSize: number
}

/** Recognises this write again when its answer was lost: two writers may store the same bytes. */
const WRITE_ID = 'Dunlin-Write'
const DELETED = 'KV-Operation: DEL\r\n'

export const createKeyValue = (link: Link, publisher: Publisher, options: KvOptions): DocumentStore => {
  const { stream, prefix } = options
  const writer = createInbox('W')
  let writes = 0
  const subjectOf = (key: string): string => prefix + encodeToken(key)
  const lastOf = (subject: string): Promise<Stored | undefined> => getStored(link, stream, { last_by_subj: subject })

  const publish = (subject: string, data: Uint8Array, expected: number, extra: string): Promise<number | undefined> =>
    new Promise((resolve, reject) => {
      const id = `${writer}.${++writes}`
      const lines = `Nats-Expected-Stream: ${stream}\r\nNats-Expected-Last-Subject-Sequence: ${expected}\r\n${WRITE_ID}: ${id}\r\n${extra}`
      const done = (outcome: PublishOutcome): void => {
        if (outcome.ok) resolve(outcome.seq)
        else if (outcome.asked === 1) resolve(undefined)
        else {
          // The repeat met a changed subject: perhaps the first attempt had been stored.
          const mine = (last: Stored | undefined): number | undefined =>
            last !== undefined && headerIn(last.headerText, WRITE_ID) === id ? last.seq : undefined
          lastOf(subject).then((last) => resolve(mine(last)), reject)
        }
      }
      publisher.send({ subject, data, headers: preparedHeader(lines) }, done, reject)
    })

  const put = async (key: string, value: Uint8Array, expected: number): Promise<number | undefined> => {
    const subject = subjectOf(key)
    const revision = await publish(subject, value, expected, '')
    if (revision !== undefined || expected !== 0) return revision
    // "Does not exist" also holds for a key that was deleted and whose marker is still there.
    const last = await lastOf(subject)
    return last !== undefined && isMarker(last) ? publish(subject, value, last.seq, '') : undefined
  }

  const remove = async (key: string, expected: number): Promise<boolean> => {
    const subject = subjectOf(key)
    const marker = await publish(subject, new Uint8Array(), expected, DELETED)
    if (marker === undefined) return false
    await apiRequest(link, `STREAM.PURGE.${stream}`, { filter: subject, seq: marker + 1 })
    return true
  }

  const get = async (key: string): Promise<KvEntry | undefined> => {
    const stored = await lastOf(subjectOf(key))
    return stored === undefined || isMarker(stored) ? undefined : { key, value: stored.data, revision: stored.seq }
  }

  const keys = async (keyPrefix = ''): Promise<string[]> => {
    const found: string[] = []
    for (let offset = 0; ;) {
      const request = { subjects_filter: `${prefix}>`, offset }
      const answer = await apiRequest<SubjectsAnswer>(link, `STREAM.INFO.${stream}`, request)
      const subjects = Object.keys(answer.state.subjects ?? {})
      for (const subject of subjects) {
        const key = decodeToken(subject.slice(prefix.length))
        if (key?.startsWith(keyPrefix) === true) found.push(key)
      }
      offset += subjects.length
      if (subjects.length === 0 || offset >= (answer.total ?? 0)) return found.sort()
    }
  }

  return {
    windowSize: options.windowSize,
    get: (key) => get(key).catch(raise),
    put: (key, value, expected) => put(key, value, expected).catch(raise),
    delete: (key, expected) => remove(key, expected).catch(raise),
    keys: (keyPrefix) => keys(keyPrefix).catch(raise),
  }
}

interface SubjectsAnswer {
  /** Of all pages; absent when there is one page. */
  readonly total?: number
  readonly state: { readonly subjects?: Readonly<Record<string, number>> }
}

const raise = (error: unknown): never => {
  throw asDunlinError(error)
}
