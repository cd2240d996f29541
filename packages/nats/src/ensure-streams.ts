/**
 * Makes the streams be there with the configuration that the code relies on. It never deletes and never re-creates: a
 * stream that differs in a way that cannot be changed in place is refused, because behind it lies somebody's log.
 */
import { setTimeout as pause } from 'node:timers/promises'
import { DunlinError } from '@dunlin/contracts/agent'
import { ApiError, apiRequest, asDunlinError, ErrCode } from './api.ts'
import type { Link } from './connection.ts'
import type { StreamOptions, StreamSpec } from './streams.ts'

type Config = Readonly<Record<string, unknown>>
interface StreamAnswer {
  readonly config: Config
}

/** What the server may change in place without losing or reordering anything that is stored. */
const CHANGEABLE = new Set<keyof StreamSpec>([
  'description',
  'discard',
  'max_age',
  'duplicate_window',
  'allow_direct',
  'allow_rollup_hdrs',
  'republish',
])
/** What an operator may have set differently: changed only when the caller asked for a value. */
const operators = (options: StreamOptions): ReadonlySet<string> =>
  new Set([
    ...(options.maxBytes === undefined ? ['max_bytes'] : []),
    ...(options.replicas === undefined ? ['num_replicas'] : []),
  ])

const ABSENT: Config = { allow_direct: false, allow_rollup_hdrs: false, deny_delete: false, max_age: 0 }

/** Structural equality of what JSON can hold, as far as `asked` says something. */
const agrees = (asked: unknown, echoed: unknown): boolean => {
  if (Array.isArray(asked))
    return Array.isArray(echoed) && asked.length === echoed.length && asked.every((a, i) => agrees(a, echoed[i]))
  if (typeof asked === 'object' && asked !== null)
    return (
      typeof echoed === 'object' &&
      echoed !== null &&
      Object.entries(asked).every(([k, v]) => agrees(v, (echoed as Config)[k]))
    )
  return asked === echoed
}

/** The fields in which an echoed configuration is not what was asked for. */
const differences = (asked: StreamSpec, echoed: Config): (keyof StreamSpec)[] =>
  (Object.keys(asked) as (keyof StreamSpec)[]).filter((field) => !agrees(asked[field], echoed[field] ?? ABSENT[field]))

const text = (value: unknown): string => JSON.stringify(value) ?? 'nothing'

const mismatch = (spec: StreamSpec, field: keyof StreamSpec, found: unknown): DunlinError =>
  new DunlinError(
    'stream_mismatch',
    `Stream ${spec.name} has ${field} ${text(found)}, Dunlin needs ${text(spec[field])}, and this cannot be changed in place.`,
    {
      data: { stream: spec.name, field, found, needed: spec[field] },
      hint: 'Use another server or account, or copy the stream into one of the right form.',
    },
  )

const overlaps = (spec: StreamSpec): DunlinError =>
  new DunlinError('stream_mismatch', `Another stream takes subjects of ${spec.name} (${spec.subjects.join(', ')}).`, {
    data: { stream: spec.name, field: 'subjects', needed: spec.subjects },
    hint: 'Remove them from the other stream, or use another account.',
  })

const ignored = (spec: StreamSpec, field: keyof StreamSpec, found: unknown): DunlinError =>
  new DunlinError(
    'unsafe_server',
    `This server made ${field} of stream ${spec.name} ${text(found)} although ${text(spec[field])} was asked for.`,
    { data: { stream: spec.name, field } },
  )

const existing = async (link: Link, name: string): Promise<Config | undefined> => {
  try {
    return (await apiRequest<StreamAnswer>(link, `STREAM.INFO.${name}`)).config
  } catch (error) {
    if (error instanceof ApiError && error.errCode === ErrCode.streamNotFound) return undefined
    throw error
  }
}

/**
 * The server's refusal when somebody else may be making it at this moment: then it is there soon. nats-server 2.9 answers
 * the slower of two creators with an internal error, or says that the subjects overlap, instead of "in use".
 */
const create = async (link: Link, spec: StreamSpec): Promise<Config | ApiError> => {
  try {
    return (await apiRequest<StreamAnswer>(link, `STREAM.CREATE.${spec.name}`, spec)).config
  } catch (error) {
    const races: readonly number[] = [ErrCode.streamNameInUse, ErrCode.subjectsOverlap]
    if (error instanceof ApiError && (races.includes(error.errCode) || RACE.test(error.message))) return error
    throw error
  }
}
const RACE = /error creating store/
const ATTEMPTS = 20

/** The stream's configuration, and whether it was made just now. */
const findOrCreate = async (link: Link, spec: StreamSpec): Promise<{ config: Config; made: boolean }> => {
  let refusal = ''
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    if (attempt > 0) await pause(50)
    const found = await existing(link, spec.name)
    if (found !== undefined) return { config: found, made: false }
    const made = await create(link, spec)
    if (!(made instanceof ApiError)) return { config: made, made: true }
    refusal = made.message
    if (made.errCode === ErrCode.subjectsOverlap && attempt === ATTEMPTS - 1) throw overlaps(spec)
  }
  throw new DunlinError('log_unavailable', `Stream ${spec.name} can be neither found nor made: ${refusal}.`)
}

/** Throws `stream_mismatch` (naming stream and field), `unsafe_server`, `log_full` or `log_unavailable`. */
export const ensureStream = async (link: Link, spec: StreamSpec, options: StreamOptions = {}): Promise<void> => {
  try {
    const { config, made } = await findOrCreate(link, spec)
    const wrong = differences(spec, config)
    if (made) {
      const [field] = wrong
      if (field !== undefined) throw ignored(spec, field, config[field])
      return
    }
    const theirs = operators(options)
    const ours = wrong.filter((field) => !theirs.has(field))
    if (ours.length === 0) return
    const fixed = ours.find((f) => !CHANGEABLE.has(f) && f !== 'max_bytes' && f !== 'num_replicas')
    if (fixed !== undefined) throw mismatch(spec, fixed, config[fixed])
    await change(link, spec, config, ours)
  } catch (error) {
    throw asDunlinError(error)
  }
}

/** Sends the server's own configuration back with only our fields changed, so that nothing an operator set is lost. */
const change = async (link: Link, spec: StreamSpec, found: Config, fields: readonly (keyof StreamSpec)[]) => {
  const wanted = { ...found, ...Object.fromEntries(fields.map((field) => [field, spec[field]])) }
  let echoed: Config
  try {
    echoed = (await apiRequest<StreamAnswer>(link, `STREAM.UPDATE.${spec.name}`, wanted)).config
  } catch (error) {
    if (error instanceof ApiError && error.code < 500)
      throw mismatch(spec, fields[0] ?? 'name', found[fields[0] ?? 'name'])
    throw error
  }
  const refused = fields.find((field) => !agrees(spec[field], echoed[field] ?? ABSENT[field]))
  if (refused !== undefined) throw mismatch(spec, refused, echoed[refused])
}
