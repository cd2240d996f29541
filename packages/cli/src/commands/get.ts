/** `dunlin get jobs|nodes|executions`: lists, all pages of them unless a limit is given. */
import type { ExecutionView, JobView, NodeView } from '@dunlin/contracts'
import type { Command } from 'commander'
import type { Context, GlobalOptions } from '../context.ts'
import { jobKeyOf } from '../job-name.ts'
import { structured, type Format } from '../output/format.ts'
import { executionColumns, jobColumns, nodeColumns, wideNodeColumns } from '../output/lists.ts'
import { table, type Column } from '../output/table.ts'
import { formatOption, headersOption, namespaceOption, wholeNumber, wideFormatOption } from './options.ts'

interface ListOptions extends GlobalOptions {
  readonly namespace?: string
  readonly state?: string
  readonly type?: string
  readonly connection?: string
  readonly job?: string
  readonly node?: string
  readonly label?: readonly string[]
  readonly limit?: number
  readonly output: Format | 'wide'
  readonly headers: boolean
}

interface Page<T> {
  readonly items: readonly T[]
  readonly total: number
  readonly total_is_exact: boolean
  readonly next_cursor?: string | undefined
  readonly seq: number
}

const PAGE = 500

/** Reads page after page; the list may change meanwhile, each page is true for itself. */
const readAll = async <T>(
  limit: number | undefined,
  read: (page: { limit: number; cursor?: string }) => Promise<Page<T>>,
): Promise<Page<T>> => {
  const items: T[] = []
  let page = await read({ limit: Math.min(PAGE, limit ?? PAGE) })
  items.push(...page.items)
  while (page.next_cursor !== undefined && items.length < (limit ?? Infinity)) {
    page = await read({ limit: Math.min(PAGE, (limit ?? Infinity) - items.length), cursor: page.next_cursor })
    items.push(...page.items)
  }
  return { ...page, items }
}

const print = <T>({ io }: Context, options: ListOptions, page: Page<T>, columns: readonly Column<T>[]): void => {
  if (options.output !== 'table' && options.output !== 'wide') return io.out(structured(options.output, page))
  io.out(table(columns, page.items, { headers: options.headers }))
  if (page.items.length === 0) io.err('nothing found\n')
  else if (page.items.length < page.total)
    io.err(`${page.items.length} of ${page.total_is_exact ? '' : 'at least '}${page.total} shown\n`)
}

const label = (value: string, before: readonly string[] | undefined): readonly string[] => [...(before ?? []), value]

const listCommand = (parent: Command, name: string, summary: string, format = formatOption()): Command =>
  parent
    .command(name)
    .summary(summary)
    .option('--limit <n>', 'show at most this many', wholeNumber)
    .addOption(format)
    .addOption(headersOption())

const filters = ({ namespace, state }: ListOptions) => ({
  ...(namespace === undefined ? {} : { namespace }),
  // The server says which states there are; a wrong one is refused with the list.
  ...(state === undefined ? {} : { state: state as never }),
})

export const addGet = (program: Command, context: Context): void => {
  const get = program.command('get').summary('list jobs, nodes or executions').description('Lists things of the fleet.')
  listCommand(get, 'jobs', 'list jobs')
    .alias('job')
    .addOption(namespaceOption())
    .option('--state <state>', 'only jobs in this state')
    .option('--type <type>', 'only jobs of this type')
    .option('-l, --label <key=value>', 'only jobs with this label; may be repeated', label)
    .addHelpText('after', '\nExamples:\n  dunlin get jobs -n prod --state degraded\n  dunlin get jobs -o json')
    .action(async (_options: unknown, command: Command) => {
      const options = command.optsWithGlobals<ListOptions>()
      const more = {
        ...(options.type === undefined ? {} : { type: options.type }),
        ...(options.label === undefined ? {} : { label: [...options.label] }),
      }
      const page = await readAll<JobView>(options.limit, (at) =>
        context.client(options).jobs.list({ ...filters(options), ...more, ...at }),
      )
      print(context, options, page, jobColumns(context.io))
    })

  listCommand(get, 'nodes', 'list nodes', wideFormatOption())
    .alias('node')
    .option('--connection <state>', 'only nodes that are connected, disconnected, lost or never')
    .option('-l, --label <key=value>', 'only nodes with this label; may be repeated', label)
    .addHelpText(
      'after',
      '\nExamples:\n  dunlin get nodes -l region=eu -o wide\n  dunlin get nodes --connection lost -o json',
    )
    .action(async (_options: unknown, command: Command) => {
      const options = command.optsWithGlobals<ListOptions>()
      const query = {
        ...(options.connection === undefined ? {} : { connection: options.connection as never }),
        ...(options.label === undefined ? {} : { label: [...options.label] }),
      }
      const page = await readAll<NodeView>(options.limit, (at) =>
        context.client(options).nodes.list({ ...query, ...at }),
      )
      const columns = options.output === 'wide' ? wideNodeColumns : nodeColumns
      print(context, options, page, columns(context.io))
    })

  listCommand(get, 'executions', 'list executions')
    .alias('execution')
    .addOption(namespaceOption())
    .option('--job <job>', 'only those of this job')
    .option('--node <node>', 'only those on this node')
    .option('--state <state>', 'only those in this state')
    .addHelpText(
      'after',
      '\nExamples:\n  dunlin get executions --job log-processor\n  dunlin get executions --node edge-1',
    )
    .action(async (_options: unknown, command: Command) => {
      const options = command.optsWithGlobals<ListOptions>()
      const key = options.job === undefined ? undefined : jobKeyOf(options.job, options.namespace)
      const query = {
        ...filters(options),
        ...(key === undefined ? {} : { namespace: key.namespace, job: key.name }),
        ...(options.node === undefined ? {} : { node: options.node }),
      }
      const page = await readAll<ExecutionView>(options.limit, (at) =>
        context.client(options).executions.list({ ...query, ...at }),
      )
      print(context, options, page, executionColumns(context.io))
    })
}
