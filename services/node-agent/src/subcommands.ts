/** What the agent's first word may be. Each is loaded only when it is asked for: a running agent carries none of the others. */
import { nearestName } from '@dunlin/contracts/agent'
import { explainUsage } from './usage.ts'

interface Subcommand {
  readonly summary: string
  load(): Promise<(args: readonly string[]) => Promise<void>>
}

const subcommands: Readonly<Record<string, Subcommand>> = {
  run: { summary: 'run the agent (also without a word)', load: async () => (await import('./run.ts')).run },
  join: { summary: 'join a server with a token', load: async () => (await import('./join/main.ts')).join },
  check: {
    summary: 'see whether an agent can run on this machine',
    load: async () => (await import('./install/check-command.ts')).checkCommand,
  },
  install: {
    summary: 'install the agent as a service',
    load: async () => (await import('./install/install-command.ts')).install,
  },
  uninstall: {
    summary: 'remove the service',
    load: async () => (await import('./install/install-command.ts')).uninstall,
  },
}

const USAGE = `dunlin-agent [command] [flags]; --help after a command tells its flags
${Object.entries(subcommands)
  .map(([name, { summary }]) => `  ${name.padEnd(9)} ${summary}`)
  .join('\n')}`

/** Sets the exit code; the subcommand writes what there is to say. */
export const dispatch = async (args: readonly string[]): Promise<void> => {
  const [first] = args
  if (first === undefined || first.startsWith('-')) {
    if (args.includes('--help')) process.stdout.write(`${USAGE}\n\n`)
    return (await subcommands['run']?.load())?.(args)
  }
  const found = Object.hasOwn(subcommands, first) ? subcommands[first] : undefined
  if (found !== undefined) return (await found.load())(args.slice(1))
  const near = nearestName(first, Object.keys(subcommands))
  explainUsage(`dunlin-agent: there is no command "${first}"${near ? `; did you mean "${near}"?` : ''}`, USAGE)
}
