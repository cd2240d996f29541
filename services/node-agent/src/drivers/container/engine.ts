/**
 * A container engine as this driver needs it. Short questions go over a bare connection; the client library is loaded when
 * the first container is made, because it takes more memory than the rest of the agent.
 */
import type Docker from 'dockerode'
import type { ContainerCreateOptions } from 'dockerode'
import * as z from 'zod/mini'
import { bareRequest } from './bare-request.ts'
import type { EngineAddress } from './engine-address.ts'
import { ownerLabels, type Owner } from './labels.ts'

export type ContainerState =
  | { readonly is: 'created' | 'running' }
  | {
      readonly is: 'exited'
      readonly code: number | null
      readonly oom: boolean
      readonly at: number
      readonly error?: string
    }

export interface Listed {
  readonly id: string
  readonly running: boolean
  readonly labels: Readonly<Record<string, string>>
}

export interface EngineFacts {
  readonly kind: 'docker' | 'podman'
  readonly version: string
  readonly limits: { readonly memory: boolean; readonly cpus: boolean; readonly pids: boolean }
}

export interface Engine {
  /** What it is; rejects when it does not answer. */
  facts(): Promise<EngineFacts>
  /** All containers of an agent, those that ended too. */
  list(owner: Owner): Promise<Listed[]>
  /** By id or name; undefined when there is none. */
  state(id: string): Promise<(ContainerState & { readonly id: string; readonly logPath: string }) | undefined>
  hasImage(image: string): Promise<boolean>
  signal(id: string, signal: NodeJS.Signals): Promise<void>
  remove(id: string): Promise<void>
  start(id: string): Promise<void>
  create(options: ContainerCreateOptions): Promise<string>
  /** The client library, for what streams. */
  client(): Promise<Docker>
}

const ASK_MS = 30_000
/** Starting sets up networks and mounts, removing takes them down. */
const ACT_MS = 60_000

const versionSchema = z.object({
  Version: z.string(),
  Components: z.optional(z.nullable(z.array(z.object({ Name: z.string() })))),
})
const infoSchema = z.object({
  MemoryLimit: z.optional(z.boolean()),
  CpuCfsQuota: z.optional(z.boolean()),
  PidsLimit: z.optional(z.boolean()),
})
const listSchema = z.array(
  z.object({ Id: z.string(), State: z.string(), Labels: z.nullable(z.record(z.string(), z.string())) }),
)
const inspectSchema = z.object({
  Id: z.string(),
  /** On the engine's host; empty where it keeps none. */
  LogPath: z.optional(z.string()),
  State: z.object({
    Status: z.string(),
    ExitCode: z.int(),
    OOMKilled: z.optional(z.boolean()),
    FinishedAt: z.optional(z.string()),
    Error: z.optional(z.string()),
  }),
})
const errorSchema = z.object({ message: z.optional(z.string()), cause: z.optional(z.string()) })

export const openEngine = (address: EngineAddress): Engine => {
  let loading: Promise<Docker> | undefined
  const ask = async (
    method: 'GET' | 'POST' | 'DELETE',
    path: string,
    fine: readonly number[],
    timeoutMs = ASK_MS,
  ): Promise<{ status: number; body: string }> => {
    const answer = await bareRequest(address, method, path, timeoutMs)
    if (answer.status >= 400 && !fine.includes(answer.status)) throw new EngineError(answer.status, answer.body)
    return answer
  }
  return {
    facts: async () => {
      const [version, info] = await Promise.all([ask('GET', '/version', []), ask('GET', '/info', [])])
      const { Version, Components } = versionSchema.parse(JSON.parse(version.body))
      const { MemoryLimit, CpuCfsQuota, PidsLimit } = infoSchema.parse(JSON.parse(info.body))
      const podman = Components?.some(({ Name }) => /podman/i.test(Name)) ?? false
      return {
        kind: podman ? 'podman' : 'docker',
        version: Version,
        limits: { memory: MemoryLimit ?? false, cpus: CpuCfsQuota ?? false, pids: PidsLimit ?? false },
      }
    },
    list: async (owner) => {
      const labels = Object.entries(ownerLabels(owner)).map(([name, value]) => `${name}=${value}`)
      const filters = encodeURIComponent(JSON.stringify({ label: labels }))
      const { body } = await ask('GET', `/containers/json?all=1&filters=${filters}`, [])
      return listSchema
        .parse(JSON.parse(body))
        .map(({ Id, State, Labels }) => ({ id: Id, running: isUp(State), labels: Labels ?? {} }))
    },
    state: async (id) => {
      const { status, body } = await ask('GET', `/containers/${encodeURIComponent(id)}/json`, [404])
      if (status === 404) return undefined
      const { Id, State, LogPath } = inspectSchema.parse(JSON.parse(body))
      return { ...stateOf(State), id: Id, logPath: LogPath ?? '' }
    },
    hasImage: async (image) => {
      const { status } = await ask('GET', `/images/${image.split('/').map(encodeURIComponent).join('/')}/json`, [404])
      return status !== 404
    },
    // 404: it is gone, 409: it has ended; both are what was wanted.
    signal: async (id, signal) => void (await ask('POST', `/containers/${id}/kill?signal=${signal}`, [404, 409, 500])),
    remove: async (id) => void (await ask('DELETE', `/containers/${id}?force=true&v=true`, [404, 409], ACT_MS)),
    start: async (id) => void (await ask('POST', `/containers/${id}/start`, [304], ACT_MS)),
    create: async (options) => (await (await client()).createContainer(options)).id,
    client,
  }

  function client(): Promise<Docker> {
    return (loading ??= import('./client.ts').then(({ connectEngine }) => connectEngine(address)))
  }
}

/** An engine's refusal, with its own words. */
class EngineError extends Error {
  override readonly name = 'EngineError'
  readonly statusCode: number

  constructor(statusCode: number, body: string) {
    super(saidIn(body))
    this.statusCode = statusCode
  }
}

const saidIn = (body: string): string => {
  try {
    const { message, cause } = errorSchema.parse(JSON.parse(body))
    return message ?? cause ?? body
  } catch {
    return body.slice(0, 1_000)
  }
}

const isUp = (status: string): boolean => ['running', 'paused', 'restarting', 'stopping'].includes(status.toLowerCase())

const stateOf = (state: z.output<typeof inspectSchema>['State']): ContainerState => {
  if (isUp(state.Status)) return { is: 'running' }
  if (state.Status === 'created' || state.Status === 'configured' || state.Status === 'initialized')
    return { is: 'created' }
  const at = Date.parse(state.FinishedAt ?? '')
  return {
    is: 'exited',
    code: state.ExitCode,
    oom: state.OOMKilled ?? false,
    // Year 1 stands for "not at all".
    at: at > 0 ? at : Date.now(),
    ...(state.Error ? { error: state.Error } : {}),
  }
}
