/**
 * Secrets of a content, read on the node when an attempt starts: from the agent's own environment, as far as it was told
 * to give names away, or from files below one folder. Values go to the environment of the task and nowhere else; errors
 * name a secret and never tell a value.
 */
import {
  secretProvidersContentSchema,
  secretsContentSchema,
  type Content,
  type SecretsContent,
} from '@dunlin/contracts/agent'
import { open, realpath } from 'node:fs/promises'
import { isAbsolute, join, relative } from 'node:path'
import { TaskError } from '../drivers/driver.ts'

export type SecretValues = Readonly<Record<string, string>>

/** Throws a permanent `TaskError` with code `missing_secret`. */
export type SecretSource = (content: Content) => Promise<SecretValues>

export interface SecretSettings {
  /** Unset: no file is read. */
  readonly dir: string | undefined
  /** Variables of `env` that jobs may have. */
  readonly allowedEnv: readonly string[]
  readonly env: Readonly<Record<string, string | undefined>>
}

/** Which providers have anything to give on this node. */
export const secretCapabilities = ({
  secretsDir,
  allowedEnv,
}: {
  readonly secretsDir: string | undefined
  readonly allowedEnv: readonly string[]
}): string[] => [
  ...(secretsDir === undefined ? [] : ['secrets.file']),
  ...(allowedEnv.length === 0 ? [] : ['secrets.env']),
]

type Wanted = SecretsContent[string]

const MOST_SECRET_BYTES = 64 * 1024

export const createSecrets = (settings: SecretSettings): SecretSource => {
  const providers: Readonly<Record<string, (key: string, wanted: Wanted) => Promise<string>>> = {
    env: (key, wanted) => fromEnv(key, wanted, settings),
    file: (key, wanted) => fromFile(key, wanted, settings),
  }
  return async ({ secrets, secretProviders }) => {
    if (secrets === undefined) return {}
    const types = secretProvidersContentSchema.safeParse(secretProviders ?? {})
    const parsed = secretsContentSchema.safeParse(secrets)
    if (!types.success || !parsed.success) throw missing('', 'the content cannot be read')
    const values: Record<string, string> = {}
    for (const [key, wanted] of Object.entries(parsed.data)) {
      const type = types.data[wanted.from]?.provider ?? ''
      const provider = providers[type]
      if (!provider) throw missing(key, `this node has no secret provider of type "${type}"`)
      values[key] = decoded(key, wanted, await provider(key, wanted))
    }
    return values
  }
}

const fromEnv = async (key: string, { name = key }: Wanted, { env, allowedEnv }: SecretSettings): Promise<string> => {
  if (!allowedEnv.includes(name))
    throw missing(key, `the node gives no variable ${name} away`, `Start the agent with --allow-env ${name}.`)
  const value = env[name]
  if (value === undefined) throw missing(key, `the agent has no variable ${name}`)
  return value
}

const fromFile = async (key: string, { path = key }: Wanted, { dir }: SecretSettings): Promise<string> => {
  if (dir === undefined)
    throw missing(key, 'the node has no folder for secrets', 'Start the agent with --secrets-dir DIR.')
  const outside = (): TaskError => missing(key, `its path ${path} leads out of the folder for secrets`)
  const inner = relative(dir, join(dir, path))
  if (isAbsolute(path) || inner === '' || leadsOut(inner)) throw outside()
  try {
    const [root, real] = await Promise.all([realpath(dir), realpath(join(dir, path))])
    if (leadsOut(relative(root, real))) throw outside()
    const file = await open(real, 'r')
    try {
      const buffer = Buffer.alloc(MOST_SECRET_BYTES + 1)
      const { bytesRead } = await file.read(buffer, 0, buffer.length, 0)
      if (bytesRead > MOST_SECRET_BYTES) throw missing(key, `its file has more than ${MOST_SECRET_BYTES} bytes`)
      // The newline that editors end a file with is not part of it.
      return buffer.toString('utf8', 0, bytesRead).replace(/\r?\n$/, '')
    } finally {
      await file.close()
    }
  } catch (error) {
    if (error instanceof TaskError) throw error
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unreadable'
    throw missing(key, `its file ${path} cannot be read (${code})`)
  }
}

/** Names may begin with two dots: secrets that Kubernetes mounts lie below a link `..data`. */
const leadsOut = (inner: string): boolean => inner === '..' || inner.startsWith('../')

const decoded = (key: string, { encoding, field }: Wanted, raw: string): string => {
  let value = raw
  if (field !== undefined) {
    const found = fieldOf(raw, field)
    if (found === undefined) throw missing(key, `its value is no JSON object with the text "${field}"`)
    value = found
  }
  if (encoding === 'base64') {
    if (!/^[A-Za-z0-9+/]*={0,2}$/.test(value.replaceAll(/\s/g, ''))) throw missing(key, 'its value is not base64')
    value = Buffer.from(value, 'base64').toString('utf8')
  }
  if (value.includes('\0')) throw missing(key, 'its value holds a NUL, which no variable can have')
  return value
}

const fieldOf = (text: string, field: string): string | undefined => {
  try {
    const json: unknown = JSON.parse(text)
    if (typeof json !== 'object' || json === null || !Object.hasOwn(json, field)) return undefined
    const value = (json as Readonly<Record<string, unknown>>)[field]
    return typeof value === 'string' ? value : undefined
  } catch {
    return undefined
  }
}

const missing = (key: string, why: string, hint?: string): TaskError =>
  new TaskError(
    {
      code: 'missing_secret',
      message: `The secret ${key} is not there: ${why}.`,
      ...(hint === undefined ? {} : { hint }),
    },
    true,
  )
