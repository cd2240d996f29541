/** The flags of `npm start` and `npm run demo`. An unknown one is refused, with the name that was probably meant. */
import { nearestName } from '@dunlin/contracts'
import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { LaunchError } from './say.ts'

export const root = join(import.meta.dirname, '..', '..')

export interface StartFlags {
  readonly nodes: number
  /** 0 = any free port. */
  readonly apiPort: number
  /** Undefined = not asked for: any free port, or the server that DUNLIN_NATS_URL names. */
  readonly natsPort: number | undefined
  readonly dataDir: string
  readonly json: boolean
  /** Nodes join, everybody has credentials, and the API wants a token. */
  readonly secure: boolean
}

export interface DemoFlags {
  /** Where to write the log of the run, as a golden history. */
  readonly record: string | undefined
  readonly keep: boolean
}

export const START_USAGE = `npm start -- [flags]: Dunlin on this machine, until Ctrl-C
  --nodes N         number of node agents (3)
  --api-port PORT   port of the HTTP API on 127.0.0.1, 0 = any free one (7420)
  --nats-port PORT  port of nats-server on 127.0.0.1, 0 = any free one (0);
                    with DUNLIN_NATS_URL set, that server is used and none is started
  --data-dir DIR    the log, the nodes' data and all logs; kept (.dunlin/start)
  --secure          authorisation on: nodes join with a token, the API wants one too; in a data directory
                    of its own (.dunlin/secure)
  --json            one JSON line on standard output when everything is ready`

export const DEMO_USAGE = `npm run demo -- [flags]: a real job on five real agents, start to end
  --record FILE     write the log of this run as JSON lines, as a golden history
  --keep            keep the temporary data directory`

const MOST_NODES = 500

/** Undefined when help was asked for. @throws LaunchError (usage) */
export const readStartFlags = (argv: readonly string[]): StartFlags | undefined => {
  const names = ['nodes', 'api-port', 'nats-port', 'data-dir', 'secure', 'json', 'help'] as const
  const given = read(argv, names, ['secure', 'json', 'help'])
  if (given.has('help')) return undefined
  const natsPort = given.get('nats-port')
  return {
    nodes: whole('nodes', given.get('nodes') ?? '3', 1, MOST_NODES),
    apiPort: whole('api-port', given.get('api-port') ?? '7420', 0, 65_535),
    natsPort: natsPort === undefined ? undefined : whole('nats-port', natsPort, 0, 65_535),
    dataDir: resolve(given.get('data-dir') ?? join(root, '.dunlin', given.has('secure') ? 'secure' : 'start')),
    json: given.has('json'),
    secure: given.has('secure'),
  }
}

/** Undefined when help was asked for. @throws LaunchError (usage) */
export const readDemoFlags = (argv: readonly string[]): DemoFlags | undefined => {
  const given = read(argv, ['record', 'keep', 'help'], ['keep', 'help'])
  if (given.has('help')) return undefined
  const record = given.get('record')
  return { record: record === undefined ? undefined : resolve(record), keep: given.has('keep') }
}

/** Every given flag with its text; "" for a switch. The last one of a repeated flag counts. */
const read = (
  argv: readonly string[],
  names: readonly string[],
  switches: readonly string[],
): ReadonlyMap<string, string> => {
  const options = Object.fromEntries(
    names.map((name) => [name, { type: switches.includes(name) ? ('boolean' as const) : ('string' as const) }]),
  )
  const { tokens } = parseArgs({ args: [...argv], options, strict: false, allowPositionals: true, tokens: true })
  const given = new Map<string, string>()
  for (const token of tokens) {
    if (token.kind === 'positional') throw new LaunchError(`unexpected argument "${token.value}"`, 'usage')
    if (token.kind !== 'option') continue
    if (!names.includes(token.name)) throw unknown(token, names)
    const isSwitch = switches.includes(token.name)
    if (isSwitch && token.value !== undefined) throw new LaunchError(`--${token.name} takes no value`, 'usage')
    if (!isSwitch && (token.value ?? '') === '') throw new LaunchError(`--${token.name} needs a value`, 'usage')
    given.set(token.name, token.value ?? '')
  }
  return given
}

const unknown = (token: { readonly name: string; readonly rawName: string }, names: readonly string[]): LaunchError => {
  const meant = nearestName(token.name, names)
  const all = names.map((name) => `--${name}`).join(' ')
  return new LaunchError(
    `unknown flag ${token.rawName}${meant === undefined ? '' : `; did you mean --${meant}?`} (there are ${all})`,
    'usage',
  )
}

const whole = (name: string, text: string, least: number, most: number): number => {
  const value = /^\d{1,9}$/.test(text) ? Number(text) : Number.NaN
  if (!(value >= least && value <= most))
    throw new LaunchError(`--${name} ${text}: expected a whole number from ${least} to ${most}`, 'usage')
  return value
}
