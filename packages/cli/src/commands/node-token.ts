/** `dunlin node token create|list|revoke`: what lets nodes join. */
import { LABEL_KEY, type TokenView } from '@dunlin/contracts'
import { InvalidArgumentError, type Command } from 'commander'
import { serverUrl, type Context, type GlobalOptions } from '../context.ts'
import { structured, type Format } from '../output/format.ts'
import { table, type Column } from '../output/table.ts'
import { nodeGroup } from './node-group.ts'
import { formatOption, headersOption } from './options.ts'

interface CreateOptions extends GlobalOptions {
  readonly uses: number | 'unlimited'
  readonly expires: string
  readonly label?: Readonly<Record<string, string>>
  readonly ownLabels?: readonly string[] | 'any'
  readonly manual?: boolean
  readonly output: Format
}
interface ListOptions extends GlobalOptions {
  readonly output: Format
  readonly headers: boolean
}
interface RevokeOptions extends GlobalOptions {
  readonly reason?: string
}

const uses = (text: string): number | 'unlimited' => {
  if (text === 'unlimited') return text
  if (!/^[1-9]\d{0,6}$/.test(text)) throw new InvalidArgumentError('expected a whole number from 1, or "unlimited"')
  return Number(text)
}

const label = (text: string, before: Readonly<Record<string, string>> = {}): Readonly<Record<string, string>> => {
  const cut = text.indexOf('=')
  if (cut < 1) throw new InvalidArgumentError('expected key=value')
  return { ...before, [text.slice(0, cut)]: text.slice(cut + 1) }
}

const ownLabels = (text: string): readonly string[] | 'any' => {
  if (text === 'any') return text
  if (text === 'none') return []
  const keys = text.split(',').map((key) => key.trim())
  if (keys.some((key) => !LABEL_KEY.test(key)))
    throw new InvalidArgumentError('expected "any", "none", or label keys separated by commas')
  return keys
}

const columns: readonly Column<TokenView>[] = [
  { head: 'ID', cell: ({ id }) => id.toLowerCase() },
  { head: 'STATE', cell: ({ state }) => state.replace('_', ' ') },
  { head: 'USED', cell: (one) => `${one.used}/${one.uses ?? 'unlimited'}` },
  { head: 'EXPIRES', cell: ({ expires_at: at }) => at ?? 'never' },
  { head: 'ADMITS', cell: ({ admits }) => (admits ? 'at once' : 'by hand') },
  {
    head: 'LABELS',
    cell: ({ labels }) =>
      Object.entries(labels)
        .map(([key, value]) => `${key}=${value}`)
        .join(','),
  },
]

export const addNodeToken = (program: Command, context: Context): void => {
  const { io } = context
  const token = nodeGroup(program)
    .command('token')
    .summary('make, list and revoke join tokens')
    .description('Looks after the tokens that let nodes join. A token stops letting nodes in; those that joined stay.')
  token
    .command('create')
    .summary('make a join token')
    .description('Makes a join token. It goes to standard output, this once: the server keeps only a hash of it.')
    .option('--uses <n>', 'how many nodes may join with it, or "unlimited"', uses, 1)
    .option('--expires <duration>', 'how long it may be used, e.g. 24h, or "never"', '24h')
    .option('-l, --label <key=value>', 'every node gets it that joins with this token; may be repeated', label)
    .option(
      '--own-labels <which>',
      'labels that its nodes may announce by themselves: any, none, or key1,key2',
      ownLabels,
      'any',
    )
    .option('--manual', 'a person approves each node (dunlin node approve)')
    .addOption(formatOption())
    .addHelpText(
      'after',
      '\nExamples:\n  dunlin node token create\n  dunlin node token create --uses 50 --expires 2h --label site=texel --manual\n  dunlin node token create --label site=texel --own-labels none',
    )
    .action(async (_options: unknown, command: Command) => {
      const options = command.optsWithGlobals<CreateOptions>()
      const made = await context.client(options).tokens.create({
        uses: options.uses,
        expires_in: options.expires,
        labels: { ...options.label },
        ...(typeof options.ownLabels === 'object' ? { own_labels: [...options.ownLabels] } : {}),
        manual: options.manual ?? false,
      })
      if (options.output !== 'table') return io.out(structured(options.output, made))
      io.out(`${made.token}\n`)
      const until = made.expires_at === undefined ? 'for ever' : `until ${made.expires_at}`
      const whom = made.uses === undefined ? 'any number of nodes' : made.uses === 1 ? '1 node' : `${made.uses} nodes`
      io.err(`for ${whom}, ${until}${made.admits ? '' : '; a person approves each'}. On the node:\n`)
      io.err(`  dunlin-agent join --server ${serverUrl(io, options)} --token ${made.token}\n`)
    })
  token
    .command('list')
    .summary('list join tokens')
    .description('Lists join tokens, the newest first. Their secrets are not kept anywhere.')
    .addOption(formatOption())
    .addOption(headersOption())
    .action(async (_options: unknown, command: Command) => {
      const options = command.optsWithGlobals<ListOptions>()
      const list = await context.client(options).tokens.list()
      if (options.output !== 'table') return io.out(structured(options.output, list))
      io.out(table(columns, list.items, { headers: options.headers }))
      if (list.items.length === 0) io.err('nothing found\n')
    })
  token
    .command('revoke')
    .summary('let no further node join with a token')
    .description('Lets no further node join with a token. To send a node away that joined with it, remove the node.')
    .argument('<id>', 'id of the token, as the list shows it')
    .option('--reason <text>', 'why; recorded in the log')
    .addHelpText('after', '\nExamples:\n  dunlin node token revoke 01m7z3ydx2cptvyvtyy6vth1dz --reason leaked')
    .action(async (id: string, _options: unknown, command: Command) => {
      const options = command.optsWithGlobals<RevokeOptions>()
      const body = options.reason === undefined ? {} : { reason: options.reason }
      // Who copies the whole token instead of its id means the same.
      const { used, state } = await context.client(options).tokens.revoke(/^dnl_([^_]+)_/.exec(id)?.[1] ?? id, body)
      io.err(
        `${id.slice(0, 30).toLowerCase()} is ${state}; ${used} ${used === 1 ? 'node has' : 'nodes have'} joined with it\n`,
      )
    })
}
