/** `dunlin logs`: what the tasks of a job write, from all of its nodes. */
import type { LogRecord } from '@dunlin/contracts'
import { InvalidArgumentError, Option, type Command } from 'commander'
import type { Context, GlobalOptions } from '../context.ts'
import { exitCodes } from '../exit-codes.ts'
import type { Io } from '../io.ts'
import { jobKeyOf } from '../job-name.ts'
import { createLineWriter, type LineWriter } from '../logs/line-writer.ts'
import { namespaceOption } from './options.ts'

interface LogsOptions extends GlobalOptions {
  readonly namespace?: string
  readonly node?: readonly string[]
  readonly execution?: string
  readonly follow?: boolean
  readonly tail: number | 'all'
  readonly stdout?: boolean
  readonly stderr?: boolean
  readonly prefix?: boolean
  readonly output: 'text' | 'json'
}

const lineCount = (text: string): number | 'all' => {
  if (text === 'all') return text
  if (!/^\d{1,9}$/.test(text)) throw new InvalidArgumentError('expected a number of lines, or all')
  return Number(text)
}
const collect = (value: string, before: readonly string[] | undefined): readonly string[] => [...(before ?? []), value]

export const addLogs = (program: Command, context: Context): void => {
  const { io } = context
  program
    .command('logs')
    .argument('<job>', 'NAME, NAMESPACE/NAME, or NAME with -n')
    .summary('show what a job writes, or follow it')
    .description(
      'Shows the last lines that the tasks of a job wrote, from all of its nodes, and with -f what comes, until the job ends.\n' +
        'Nodes that cannot be asked are named on standard error. Lines of standard error have "!" behind the node.',
    )
    .addOption(namespaceOption())
    .option('--node <node>', 'only this node; may be repeated', collect)
    .option('--execution <id>', 'only this execution; otherwise the latest of each node')
    .option('-f, --follow', 'go on with what comes, also from later executions')
    .option('--tail <n>', 'last lines of each stream of each node, or all', lineCount, 100)
    .addOption(new Option('--stdout', 'only standard output').conflicts('stderr'))
    .option('--stderr', 'only standard error')
    .option('--prefix', 'begin each line with its node (default unless one --node is given)')
    .option('--no-prefix', 'lines as they were written')
    .addOption(new Option('-o, --output <format>', 'form of the output').choices(['text', 'json']).default('text'))
    .addHelpText(
      'after',
      `
Examples:
  dunlin logs log-processor --tail 20
  dunlin logs log-processor -f --node edge-1
  dunlin logs prod/web -f --stderr`,
    )
    .action(async (job: string, _options: unknown, command: Command) => {
      const options = command.optsWithGlobals<LogsOptions>()
      const { node = [], execution, follow = false, tail } = options
      const stream = options.stdout ? 'stdout' : options.stderr ? 'stderr' : undefined
      const onLost = (_error: unknown, retryInMs: number): void =>
        io.err(`${io.styleErr('yellow', 'connection lost')}, trying again in ${retryInMs / 1000} s\n`)
      const records = context.client(options).jobs.logs(
        jobKeyOf(job, options.namespace),
        {
          ...(node.length === 0 ? {} : { node: [...node] }),
          ...(execution === undefined ? {} : { execution }),
          ...(tail === 'all' ? {} : { tail }),
          ...(stream === undefined ? {} : { stream }),
          ...(follow ? { follow: 'true' } : {}),
        },
        { signal: io.interrupted, onLost },
      )
      const told = await printLogs(io, records, options, options.prefix ?? node.length !== 1)
      if (io.interrupted.aborted) process.exitCode = exitCodes.interrupted
      else if (told.answered === 0 && told.silent > 0) process.exitCode = exitCodes.unreachable
      else if (told.answered === 0 && told.refused > 0) process.exitCode = exitCodes.unexpected
      else if (told.answered === 0) io.err('no node has run it, or what it wrote is gone\n')
      else if (told.lines === 0 && !follow) io.err('nothing was written\n')
    })
}

interface Told {
  lines: number
  /** Nodes that told all they had. */
  answered: number
  silent: number
  refused: number
}

const printLogs = async (
  io: Io,
  records: AsyncIterable<LogRecord>,
  { output }: LogsOptions,
  prefixed: boolean,
): Promise<Told> => {
  const told: Told = { lines: 0, answered: 0, silent: 0, refused: 0 }
  const writer = createLineWriter(io, prefixed)
  for await (const record of records) {
    if (record.type === 'text') told.lines += 1
    if (record.type === 'done') told.answered += 1
    if (record.type === 'node' && record.is === 'offline') told.silent += 1
    if (record.type === 'node' && record.is === 'refused') told.refused += 1
    if (output === 'json') io.out(`${JSON.stringify(record)}\n`)
    else print(io, writer, record)
  }
  writer.close()
  return told
}

const print = (io: Io, writer: LineWriter, record: LogRecord): void => {
  switch (record.type) {
    case 'text':
      return writer.text(record)
    case 'gap':
      return note(io, record.node, `lines of ${record.stream} were dropped by the node before they were read`)
    case 'ended':
      writer.finish(record.execution)
      return note(io, record.node, endOf(record))
    case 'node':
      return note(io, record.node, nodeWords(record))
    case 'waiting':
      return io.err(`${io.styleErr('dim', 'waiting for the first execution')}\n`)
    case 'alive':
    case 'done':
    case 'end':
  }
}

const note = (io: Io, node: string, text: string): void =>
  io.err(`${io.styleErr('bold', node)} ${io.styleErr('dim', text)}\n`)

const endOf = ({ state, exit, error }: Extract<LogRecord, { type: 'ended' }>): string => {
  const how = exit === undefined ? '' : exit.signal === null ? `, exit code ${exit.code}` : `, ended by ${exit.signal}`
  return `${state}${how}${error === undefined ? '' : `: ${error}`}`
}

const nodeWords = ({ is, problem }: Extract<LogRecord, { type: 'node' }>): string => {
  switch (is) {
    case 'offline':
      return 'is offline; going on without it'
    case 'interrupted':
      return 'parts were lost on their way; reading them again'
    case 'back':
      return 'is back'
    case 'left_out':
      return 'is left out: too many nodes at once, name some with --node'
    case 'refused':
      return `cannot be read: ${problem?.detail ?? 'it does not say why'}${problem?.hint === undefined ? '' : ` ${problem.hint}`}`
  }
}
