/** An API in this process on the in-memory store, and hands to write into its log as the other services would. */
import { COMMIT_SCHEMA, nodeActor, type Problem } from '@dunlin/contracts'
import { createMemoryStore, type MemoryStore, type MemoryStoreOptions } from '@dunlin/eventstore/memory'
import { nodeSubject, parseLogSubject, reportSubject } from '@dunlin/nats'
import { seededRandom, silentLogger, systemClock, systemRandom } from '@dunlin/runtime'
import type * as z from 'zod'
import { startApi, type ApiOptions, type RunningApi } from '../api.ts'

export interface Answer {
  readonly status: number
  readonly headers: Readonly<Record<string, unknown>>
  readonly text: string
  json(): Readonly<Record<string, unknown>>
  /** The body as a schema of the contract reads it; throws when it does not fit. */
  as<S extends z.ZodType>(schema: S): z.output<S>
  problem(): Problem
}

export interface RequestParts {
  readonly body?: unknown
  /** Sent as it is, under `type`. */
  readonly raw?: string | Buffer
  readonly type?: string
  readonly headers?: Readonly<Record<string, string>>
}

export interface InProcess {
  readonly api: RunningApi
  readonly store: MemoryStore
  readonly send: (
    method: 'GET' | 'PUT' | 'POST' | 'DELETE' | 'PATCH',
    url: string,
    parts?: RequestParts,
  ) => Promise<Answer>
  /** Appends events to a subject as its next version, by whoever writes there. */
  readonly write: (subject: string, events: readonly { readonly type: string }[], cmd?: string) => Promise<number>
  readonly stop: () => Promise<void>
}

export interface InProcessOptions extends ApiOptions {
  readonly store?: MemoryStore
  readonly memory?: MemoryStoreOptions
}

export const startInProcess = async (options: InProcessOptions = {}): Promise<InProcess> => {
  const store = options.store ?? createMemoryStore(options.memory)
  const random = { ...seededRandom(7), ulid: (nowMs: number) => systemRandom.ulid(nowMs) }
  const api = await startApi({ ...store, clock: systemClock, random, logger: silentLogger }, options)
  await api.ready
  const versions = new Map<string, number>()
  return {
    api,
    store,
    send: async (method, url, { body, raw, type, headers = {} } = {}) => {
      const payload = raw ?? (body === undefined ? undefined : JSON.stringify(body))
      const response = await api.inject({
        method,
        url,
        headers: { ...(payload === undefined ? {} : { 'content-type': type ?? 'application/json' }), ...headers },
        ...(payload === undefined ? {} : { payload }),
      })
      return {
        status: response.statusCode,
        headers: response.headers,
        text: response.body,
        json: () => JSON.parse(response.body) as Record<string, unknown>,
        as: (schema) => schema.parse(JSON.parse(response.body)),
        problem: () => JSON.parse(response.body) as Problem,
      }
    },
    write: async (subject, events, cmd) => {
      const last = await store.log.last(subject)
      const before = last === undefined ? 0 : (JSON.parse(new TextDecoder().decode(last.data)) as { v: number }).v
      const v = Math.max(before, versions.get(subject) ?? 0) + 1
      versions.set(subject, v)
      const place = parseLogSubject(subject)
      const commit = {
        s: COMMIT_SCHEMA,
        v,
        cmd: cmd ?? `~test.${subject}.${v}`,
        by: place?.kind === 'report' ? nodeActor(place.key) : 'service:scheduler',
        at: 1_700_000_000_000 + v,
        ev: events,
      }
      const result = await store.log.append({
        subject,
        data: Buffer.from(JSON.stringify(commit)),
        expected: last?.seq ?? 0,
      })
      if (!result.ok) throw new Error('the test wrote into a subject that somebody else wrote into')
      return result.seq
    },
    stop: () => api.stop(),
  }
}

/** A spec that every test may change. */
export const processSpec = (name: string, more: Readonly<Record<string, unknown>> = {}) => ({
  name,
  type: 'process',
  config: { command: 'sleep', args: ['1000'] },
  ...more,
})

export const BOOT = '01J00000000000000000000000'

export const announce = ({ write }: InProcess, id: string, labels: Readonly<Record<string, string>>): Promise<number> =>
  write(
    reportSubject(id),
    [
      {
        type: 'NodeAnnounced',
        boot: BOOT,
        protocol: [1, 1],
        agentVersion: '0.1.0',
        labels,
        drivers: ['process'],
        resources: { cpus: 2, memoryBytes: 1024 },
        journal: '01J00000000000000000000001',
        j: 0,
        executions: [],
      } as { type: string },
    ],
    `${BOOT}/1`,
  )

/** Admits a node, lets it announce itself, and connects it. */
export const joinNode = async (
  server: InProcess,
  id: string,
  labels: Readonly<Record<string, string>> = {},
): Promise<number> => {
  await announce(server, id, labels)
  return server.write(nodeSubject(id), [
    { type: 'NodeAdmitted', node: id, policy: 'loopback' } as { type: string },
    { type: 'NodeConnected', boot: BOOT } as { type: string },
  ])
}
