/** The files of a secured start: made once in `secure/` of the data directory, for their owner only, and used ever after. */
import { authConfig, createAuthority, parseAuthority, type Authority } from '@dunlin/nats/auth'
import { randomBytes } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { LaunchError } from '../say.ts'

const services = ['api', 'scheduler', 'rollout-engine'] as const
export type ServiceName = (typeof services)[number]

export interface SecureFiles {
  readonly dir: string
  readonly authority: Authority
  readonly authorityFile: string
  readonly credentials: Readonly<Record<ServiceName, string>>
  readonly tokenFile: string
  /** What whoever asks the API by HTTP shows. */
  readonly token: string
  /** Lines for nats-server. */
  readonly serverConfig: string
}

export const prepareSecurity = async (dataDir: string): Promise<SecureFiles> => {
  const dir = join(dataDir, 'secure')
  const file = (name: string): string => join(dir, name)
  // Written last: what is there is whole.
  if (!existsSync(file('authority.json'))) await makeFiles(dir, file)
  const authority = parseAuthority(readFileSync(file('authority.json'), 'utf8'))
  // It was written by `makeFiles`, and holds nothing that is taken for true: the server checks the signatures.
  const accountJwts = JSON.parse(readFileSync(file('accounts.json'), 'utf8')) as Readonly<Record<string, string>>
  return {
    dir,
    authority,
    authorityFile: file('authority.json'),
    credentials: {
      api: file('api.creds'),
      scheduler: file('scheduler.creds'),
      'rollout-engine': file('rollout-engine.creds'),
    },
    tokenFile: file('api-token'),
    token: readFileSync(file('api-token'), 'utf8').trim(),
    serverConfig: authConfig({ authority, accountJwts }, file('claims')),
  }
}

const makeFiles = async (dir: string, file: (name: string) => string): Promise<void> => {
  mkdirSync(dir, { recursive: true, mode: 0o700 })
  const made = await createAuthority(services)
  const contents: Readonly<Record<string, string>> = {
    ...Object.fromEntries(Object.entries(made.offline).map(([name, seed]) => [`${name}.nk`, `${seed}\n`])),
    ...Object.fromEntries(Object.entries(made.services).map(([name, text]) => [`${name}.creds`, text])),
    'accounts.json': `${JSON.stringify(made.accountJwts, undefined, 2)}\n`,
    'api-token': `${randomBytes(32).toString('base64url')}\n`,
    'authority.json': `${JSON.stringify(made.authority, undefined, 2)}\n`,
  }
  for (const [name, text] of Object.entries(contents)) {
    writeFileSync(`${file(name)}.tmp`, text, { mode: 0o600 })
    renameSync(`${file(name)}.tmp`, file(name))
  }
}

/** The streams of a server belong to an account: a log of one kind of start cannot be seen by the other. */
export const refuseOtherKind = (dataDir: string, secure: boolean): void => {
  const isSecured = existsSync(join(dataDir, 'secure', 'authority.json'))
  const hasLog = existsSync(join(dataDir, 'nats', 'jetstream'))
  if (!hasLog || isSecured === secure) return
  throw new LaunchError(
    `${dataDir} holds the log of a start ${isSecured ? 'with' : 'without'} --secure, which this one could not see; ` +
      `${secure ? 'leave --secure out' : 'add --secure'}, or give another --data-dir`,
    'usage',
  )
}
