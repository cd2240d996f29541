/** The flags of `dunlin-agent install` and `uninstall`. */
import { existsSync, readFileSync } from 'node:fs'
import { dirname, isAbsolute, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { readFlags, type Flags } from '../flags.ts'

export interface InstallFlags {
  readonly user: string
  readonly dataDir: string
  readonly nodePath: string
  /** Folder of the bundle that is installed. */
  readonly bundle: string
  /** Everything is written below it, and nothing is started: for images, and for a look. */
  readonly root: string
  readonly server: string | undefined
  readonly token: string | undefined
  readonly print: boolean
  readonly dryRun: boolean
  readonly purge: boolean
  /** What follows "--", as it stands, and as the agent reads it. */
  readonly agentArgs: readonly string[]
  readonly agent: Flags
}

export const INSTALL_USAGE = `dunlin-agent install [flags] [-- flags of the agent]
  --user NAME           dunlin; made when it is not there
  --data-dir DIR        /var/lib/dunlin
  --server URL          joins this server with the token first (DUNLIN_SERVER)
  --token TOKEN         (DUNLIN_JOIN_TOKEN)
  --token-file FILE     the same from a file, so that it does not show in the list of processes
  --bundle DIR          folder of agent.mjs; that of the running one where absent
  --node PATH           ${process.execPath}: the Node that runs the agent
  --root DIR            writes below DIR, an image with /etc/passwd in it, and starts nothing
  --print               only prints the unit
  --dry-run             only says what would be done

dunlin-agent uninstall [--data-dir DIR] [--purge]
  --purge               deletes the data directory, too; the tasks of the agent end in any case`

const absolute = (flag: string, path: string): string => {
  if (!isAbsolute(path)) throw new Error(`${flag} ${path}: expected an absolute path`)
  return path.replace(/(?<=.)\/+$/, '')
}

/** Throws an Error with one sentence a person can act on. */
export const readInstallFlags = (args: readonly string[], env: NodeJS.ProcessEnv): InstallFlags => {
  const cut = args.indexOf('--')
  const [own, agentArgs] = cut < 0 ? [args, []] : [args.slice(0, cut), args.slice(cut + 1)]
  const { values } = parseArgs({
    args: [...own],
    options: {
      user: { type: 'string' },
      'data-dir': { type: 'string' },
      server: { type: 'string' },
      token: { type: 'string' },
      'token-file': { type: 'string' },
      bundle: { type: 'string' },
      node: { type: 'string' },
      root: { type: 'string' },
      print: { type: 'boolean' },
      'dry-run': { type: 'boolean' },
      purge: { type: 'boolean' },
    },
  })
  const user = values.user ?? 'dunlin'
  if (!/^[a-z_][a-z0-9_-]{0,31}$/.test(user)) throw new Error(`--user ${user}: expected a name like "dunlin"`)
  if (agentArgs.some((arg) => arg === '--data-dir' || arg.startsWith('--data-dir=')))
    throw new Error('Give --data-dir before "--": it is where the agent is installed as well.')
  return {
    user,
    dataDir: absolute('--data-dir', values['data-dir'] ?? '/var/lib/dunlin'),
    nodePath: absolute('--node', values.node ?? process.execPath),
    bundle: values.bundle ?? dirname(fileURLToPath(import.meta.url)),
    root: values.root === undefined ? '' : absolute('--root', values.root),
    ...readJoining(values, env),
    print: values.print ?? false,
    dryRun: values['dry-run'] ?? false,
    purge: values.purge ?? false,
    agentArgs,
    agent: readFlags(agentArgs, {}),
  }
}

interface Joining {
  readonly server?: string | undefined
  readonly token?: string | undefined
  readonly 'token-file'?: string | undefined
}

const readJoining = (values: Joining, env: NodeJS.ProcessEnv): Pick<InstallFlags, 'server' | 'token'> => {
  if (values.token !== undefined && values['token-file'] !== undefined)
    throw new Error('Give --token or --token-file, not both.')
  const file = values['token-file']
  const given = file === undefined ? values.token : readToken(file)
  const token = given ?? (env['DUNLIN_JOIN_TOKEN'] || undefined)
  // People who use the command line have DUNLIN_SERVER set all day: alone it asks for nothing, and neither does a token.
  const server = values.server ?? (token === undefined ? undefined : env['DUNLIN_SERVER'] || undefined)
  if (given !== undefined && server === undefined)
    throw new Error('A token is of use with --server URL (or DUNLIN_SERVER) only: the address of the API to join.')
  if (server !== undefined && token === undefined)
    throw new Error('--server is of use with --token-file FILE, --token TOKEN or DUNLIN_JOIN_TOKEN only, to join it.')
  return server === undefined ? { server, token: undefined } : { server, token }
}

const readToken = (file: string): string => {
  const token = readFileSync(file, 'utf8').trim()
  if (token === '') throw new Error(`--token-file ${file} is empty`)
  return token
}

/** Throws when there is no image in which a user could be made. */
export const needRoot = (root: string): void => {
  if (root === '' || existsSync(join(root, 'etc/passwd'))) return
  throw new Error(`--root ${root}: expected the folder of an image, with an /etc/passwd in it`)
}

/** Throws when there is nothing that could be installed. */
export const needBundle = (folder: string): void => {
  if (existsSync(join(folder, 'agent.mjs'))) return
  throw new Error(
    `${folder} holds no agent.mjs: install from a bundle (node services/node-agent/build/bundle.ts DIR), with --bundle DIR.`,
  )
}
