/**
 * What the server can do, found out and not believed: its API level, and whether a compare-and-set has exactly one
 * winner (nats-server 2.9 with replicas lets several win). The result is data that readiness shows.
 */
import { randomUUID } from 'node:crypto'
import { DunlinError } from '@dunlin/contracts'
import { apiRequest, asDunlinError } from './api.ts'
import type { Link } from './connection.ts'
import { preparedHeader } from './header-bytes.ts'
import { createPublisher, type Publisher } from './publisher.ts'

export interface Probe {
  /** `2.14.9` */
  readonly version: string
  /** `$JS.API.INFO` api.level: 0 before 2.11, 1 = 2.11, 2 = 2.12, 4 = 2.14. */
  readonly apiLevel: number
  readonly replicas: number
  /** Rounds in which six writers had the same expectation, and those of them that had not exactly one winner. */
  readonly race: { readonly rounds: number; readonly broken: number }
}

const WRITERS = 6
const ROUNDS = 5
/** The first level with a sound compare-and-set on replicated streams. */
const REPLICAS_LEVEL = 1
const OLDEST: readonly [number, number] = [2, 9]

interface AccountAnswer {
  readonly api: { readonly level?: number }
}

const publish = (publisher: Publisher, subject: string, expected: number): Promise<number | undefined> =>
  new Promise((resolve, reject) => {
    const headers = preparedHeader(`Nats-Expected-Last-Subject-Sequence: ${expected}\r\n`)
    publisher.send(
      { subject, data: new Uint8Array([49]), headers },
      (outcome) => resolve(outcome.ok ? outcome.seq : undefined),
      reject,
    )
  })

/** Each writer has a publisher of its own, because one publisher never has two messages of a subject under way. */
const race = async (link: Link, replicas: number): Promise<Probe['race']> => {
  const stream = `DUNLIN_PROBE_${randomUUID().replaceAll('-', '')}`
  const subject = `_dunlin.probe.${stream}`
  await apiRequest(link, `STREAM.CREATE.${stream}`, {
    name: stream,
    subjects: [subject],
    storage: 'memory',
    max_age: 60_000_000_000,
    num_replicas: replicas,
  })
  const writers = Array.from({ length: WRITERS }, () => createPublisher(link, { stream, window: 1 }))
  try {
    let last = (await publish(writers[0] as Publisher, subject, 0)) ?? 0
    let broken = 0
    for (let round = 0; round < ROUNDS; round++) {
      const answers = await Promise.all(writers.map((writer) => publish(writer, subject, last)))
      const winners = answers.filter((seq) => seq !== undefined)
      if (winners.length !== 1) broken++
      last = Math.max(last, ...winners)
    }
    return { rounds: ROUNDS, broken }
  } finally {
    for (const writer of writers) writer.close()
    await apiRequest(link, `STREAM.DELETE.${stream}`).catch(() => {})
  }
}

const versionOf = (version: string): readonly [number, number] => {
  const [, major = '0', minor = '0'] = /^(\d+)\.(\d+)/.exec(version) ?? []
  return [Number(major), Number(minor)]
}

const unsafe = (detail: string, data: Readonly<Record<string, unknown>>, hint: string): DunlinError =>
  new DunlinError('unsafe_server', detail, { data, hint })

/** Throws `unsafe_server` for a server on which the log would not be safe, `log_unavailable` when it does not answer. */
export const probeServer = async (link: Link, replicas: number): Promise<Probe> => {
  const version = link.nc.info?.version ?? '0.0.0'
  const [major, minor] = versionOf(version)
  if (major < OLDEST[0] || (major === OLDEST[0] && minor < OLDEST[1]))
    throw unsafe(`nats-server ${version} is older than 2.9.`, { version }, 'Use nats-server 2.9.10 or newer.')
  if (link.nc.info?.jetstream !== true)
    throw unsafe('This nats-server runs without JetStream.', { version }, 'Start it with -js or a jetstream block.')
  try {
    const { api } = await apiRequest<AccountAnswer>(link, 'INFO')
    const apiLevel = api.level ?? 0
    if (replicas > 1 && apiLevel < REPLICAS_LEVEL)
      throw unsafe(
        `Replicated streams of nats-server ${version} let several writers win one compare-and-set.`,
        { version, api_level: apiLevel, replicas },
        'Use nats-server 2.11 or newer for replicas, or one replica.',
      )
    const result = await race(link, replicas)
    if (result.broken > 0)
      throw unsafe(
        `In ${result.broken} of ${result.rounds} races not exactly one writer won a compare-and-set.`,
        { version, api_level: apiLevel, replicas },
        'This server must not hold the log.',
      )
    return { version, apiLevel, replicas, race: result }
  } catch (error) {
    throw asDunlinError(error)
  }
}
