/** The flags of `dunlin-agent install` and `uninstall`. */
import { existsSync } from 'node:fs'
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
  --bundle DIR          folder of agent.mjs; that of the running one where absent
  --node PATH           ${process.execPath}: the Node that runs the agent
  --root DIR            writes below DIR and starts nothing, for images
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
    server: values.server ?? (env['DUNLIN_SERVER'] || undefined),
    token: values.token ?? (env['DUNLIN_JOIN_TOKEN'] || undefined),
    print: values.print ?? false,
    dryRun: values['dry-run'] ?? false,
    purge: values.purge ?? false,
    agentArgs,
    agent: readFlags(agentArgs, {}),
  }
}

/** Throws when there is nothing that could be installed. */
export const needBundle = (folder: string): void => {
  if (existsSync(join(folder, 'agent.mjs'))) return
  throw new Error(
    `${folder} holds no agent.mjs: install from a bundle (node services/node-agent/build/bundle.ts DIR), with --bundle DIR.`,
  )
}
