/** `dunlin results`: what the queries of a job found, rows of all nodes together, or each node's file as it is. */
import { DunlinError, type ResultRecord } from '@dunlin/contracts'
import { Option, type Command } from 'commander'
import { closeSync, mkdirSync, openSync, renameSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import type { Context, GlobalOptions } from '../context.ts'
import { exitCodes } from '../exit-codes.ts'
import type { Io } from '../io.ts'
import { jobKeyOf } from '../job-name.ts'
import { createRowPrinter, resultForms, type ResultForm, type RowPrinter } from '../results/printer.ts'
import { createRowReader, type RowReader } from '../results/rows.ts'
import { namespaceOption } from './options.ts'

interface ResultsOptions extends GlobalOptions {
  readonly namespace?: string
  readonly node?: readonly string[]
  readonly execution?: string
  readonly output: ResultForm
  readonly save?: string
}

const collect = (value: string, before: readonly string[] | undefined): readonly string[] => [...(before ?? []), value]

/** `dunlin results` and `dunlin job results` are one command. */
export const addResults = (program: Command, context: Context): void => {
  const job =
    program.commands.find((command) => command.name() === 'job') ??
    program.command('job').summary('look into a job').description('Looks into a job.')
  for (const parent of [program, job]) addTo(parent, context)
}

const addTo = (parent: Command, context: Context): void => {
  const { io } = context
  parent
    .command('results')
    .argument('<job>', 'NAME, NAMESPACE/NAME, or NAME with -n')
    .summary('show what the queries of a job found')
    .description(
      'Shows the rows that the queries of a job found, from all of its nodes, with a column that names the node.',
    )
    .addOption(namespaceOption())
    .option('--node <node>', 'only this node; may be repeated', collect)
    .option('--execution <id>', 'only this execution; otherwise the latest of each node')
    .addOption(new Option('-o, --output <format>', 'form of the output').choices([...resultForms]).default('table'))
    .option('--save <dir>', 'write the file of each node into this directory, as it is')
    .addHelpText(
      'after',
      `
Examples:
  dunlin results errors-per-service
  dunlin results errors-per-service -o csv > errors.csv
  dunlin results big-export --save ./export`,
    )
    .action(async (name: string, _options: unknown, command: Command) => {
      const options = command.optsWithGlobals<ResultsOptions>()
      const { node = [], execution, output, save } = options
      const records = context.client(options).jobs.results(
        jobKeyOf(name, options.namespace),
        {
          ...(node.length === 0 ? {} : { node: [...node] }),
          ...(execution === undefined ? {} : { execution }),
        },
        { signal: io.interrupted },
      )
      const printer = createRowPrinter(
        output,
        (text) => io.out(text),
        (text) => io.err(text),
      )
      const sink = save === undefined ? rowSink(io, printer) : fileSink(io, save)
      const told = await readAll(io, records, sink)
      if (save === undefined) printer.end()
      if (io.interrupted.aborted) process.exitCode = exitCodes.interrupted
      else if (told.missing > 0) process.exitCode = told.results > 0 ? exitCodes.unexpected : exitCodes.unreachable
      else if (told.results === 0) io.err('no node has a result\n')
    })
}

type Head = Extract<ResultRecord, { type: 'result' }>

interface Sink {
  begin(head: Head): void
  data(node: string, bytes: Uint8Array): void
  end(node: string): void
}

const rowSink = (io: Io, printer: RowPrinter): Sink => {
  const readers = new Map<string, RowReader>()
  return {
    begin: ({ node, format, columns }) => {
      const reader = createRowReader(format, columns)
      if (reader === undefined)
        throw new DunlinError('invalid_request', `Results in the format ${format} are not shown as rows.`, {
          hint: 'Write the files with --save DIR.',
        })
      readers.set(node, reader)
      const lacking = printer.columns(columns.map(({ name }) => name))
      if (lacking.length > 0)
        note(io, node, `has other columns, which are left out here: ${lacking.join(', ')}; -o jsonl shows them`)
    },
    data: (node, bytes) => {
      for (const row of readers.get(node)?.read(bytes) ?? []) printer.row(node, row)
    },
    end: (node) => {
      for (const row of readers.get(node)?.end() ?? []) printer.row(node, row)
      readers.delete(node)
    },
  }
}

const endings: Readonly<Record<string, string>> = { rows: 'rows', csv: 'csv', json: 'jsonl', parquet: 'parquet' }

/** A file has its name once it is whole: what was cut off must not pass for a result. */
const fileSink = (io: Io, dir: string): Sink => {
  const open = new Map<string, { readonly fd: number; readonly path: string }>()
  mkdirSync(dir, { recursive: true })
  return {
    begin: ({ node, format }) => {
      const path = join(dir, `${node}.${endings[format] ?? 'out'}`)
      open.set(node, { fd: openSync(`${path}.part`, 'w'), path })
    },
    data: (node, bytes) => {
      const file = open.get(node)
      if (file) writeSync(file.fd, bytes)
    },
    end: (node) => {
      const file = open.get(node)
      if (file === undefined) return
      closeSync(file.fd)
      renameSync(`${file.path}.part`, file.path)
      open.delete(node)
      io.out(`${file.path}\n`)
    },
  }
}

/** `missing`: nodes whose rows are not in what was printed, or not all of them. */
const readAll = async (io: Io, records: AsyncIterable<ResultRecord>, sink: Sink) => {
  const told = { results: 0, missing: 0 }
  let whole = false
  for await (const record of records) {
    switch (record.type) {
      case 'result':
        told.results += 1
        sink.begin(record)
        if (record.truncated !== false)
          note(io, record.node, `the result was cut at its limit of ${record.truncated}: ${record.rows} rows`)
        break
      case 'data':
        sink.data(
          record.node,
          Buffer.from(record.text ?? record.base64 ?? '', record.text === undefined ? 'base64' : 'utf8'),
        )
        break
      case 'done':
        sink.end(record.node)
        break
      case 'none':
        note(io, record.node, noneWords(record))
        break
      case 'node':
        told.missing += 1
        note(
          io,
          record.node,
          record.is === 'offline' ? 'is offline; going on without it' : `${record.is}: ${record.problem.detail}`,
        )
        break
      case 'end':
        whole = true
        break
      case 'alive':
    }
  }
  if (!whole && !io.interrupted.aborted)
    throw new DunlinError('stream_interrupted', 'The connection to the API was cut.')
  return told
}

const noneWords = ({ state, error, percent }: Extract<ResultRecord, { type: 'none' }>): string =>
  `has no result: ${state}${percent === undefined || percent === null ? '' : `, ${percent.toFixed(0)} %`}${error === undefined ? '' : `: ${error}`}`

const note = (io: Io, node: string, text: string): void =>
  io.err(`${io.styleErr('bold', node)} ${io.styleErr('dim', text)}\n`)
