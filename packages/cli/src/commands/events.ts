/** `dunlin events`: the log as it is written, from any point on. */
import { type EventView } from '@dunlin/contracts'
import { Option, type Command } from 'commander'
import type { Context, GlobalOptions } from '../context.ts'
import { exitCodes } from '../exit-codes.ts'
import type { Io } from '../io.ts'
import { jobKeyOf } from '../job-name.ts'
import { namespaceOption, wholeNumber } from './options.ts'

interface EventsOptions extends GlobalOptions {
  readonly follow?: boolean
  readonly since?: number
  readonly namespace?: string
  readonly job?: string
  readonly node?: string
  readonly output: 'text' | 'json'
}

const about = (event: EventView): string =>
  event.name === undefined ? (event.node ?? event.kind) : `${event.namespace}/${event.name}`

/** What an event says in a few words: its small fields, not its lists. */
const words = (event: Readonly<Record<string, unknown>>): string =>
  Object.entries(event)
    .filter(([key, value]) => key !== 'type' && ['string', 'number', 'boolean'].includes(typeof value))
    .filter(([, value]) => String(value).length <= 80)
    .map(([key, value]) => `${key}=${String(value)}`)
    .join(' ')

/** Control characters of names and messages must not reach the terminal. */
const printable = (text: string): string => text.replaceAll(/\p{Cc}/gu, '\uFFFD')

const text = (io: Io, event: EventView): string =>
  event.events
    .map((one) => {
      const when = io.style('dim', `${String(event.seq).padStart(6)} ${event.at}`)
      const what = `${io.style('bold', printable(one.type))} ${printable(words(one))}`
      return `${when} ${io.style('cyan', printable(about(event)))} ${what.trimEnd()}\n`
    })
    .join('')

export const addEvents = (program: Command, context: Context): void => {
  const { io } = context
  program
    .command('events')
    .summary('show the log, or follow it')
    .description(
      'Prints commits of the log, one line per event. With -f it goes on until Ctrl-C and resumes after a lost connection.',
    )
    .option('-f, --follow', 'go on with what comes')
    .option('--since <seq>', 'begin after this sequence; 0 = at the beginning of the log', wholeNumber)
    .addOption(namespaceOption())
    .option('--job <job>', 'only this job')
    .option('--node <node>', 'only what this node says, and what is decided about it')
    .addOption(new Option('-o, --output <format>', 'form of the output').choices(['text', 'json']).default('text'))
    .addHelpText(
      'after',
      `
Examples:
  dunlin events --since 0
  dunlin events -f --job log-processor
  dunlin events -f -o json | jq .events`,
    )
    .action(async (_options: unknown, command: Command) => {
      const options = command.optsWithGlobals<EventsOptions>()
      const client = context.client(options)
      const key = options.job === undefined ? undefined : jobKeyOf(options.job, options.namespace)
      const filter = {
        ...(key === undefined ? {} : { namespace: key.namespace, job: key.name }),
        ...(key === undefined && options.namespace !== undefined ? { namespace: options.namespace } : {}),
        ...(options.node === undefined ? {} : { node: options.node }),
      }
      const print = (event: EventView): void =>
        io.out(options.output === 'json' ? `${JSON.stringify(event)}\n` : text(io, event))
      // Without -f everything up to the present is printed; a list tells where the present is.
      const end = options.follow ? undefined : (await client.jobs.list({ limit: 1 })).seq
      const since = options.since ?? (options.follow ? undefined : 0)
      await printEvents({ client, io, filter, since, end, print })
    })
}

interface PrintOptions {
  readonly client: ReturnType<Context['client']>
  readonly io: Io
  readonly filter: { readonly namespace?: string; readonly job?: string; readonly node?: string }
  readonly since: number | undefined
  readonly end: number | undefined
  readonly print: (event: EventView) => void
}

/** Up to `end` (inclusive), or until Ctrl-C. The server tells its position also where nothing is for this filter. */
const printEvents = async ({ client, io, filter, since, end, print }: PrintOptions): Promise<void> => {
  if (end !== undefined && end <= (since ?? 0)) return
  const onLost = (_error: unknown, retryInMs: number): void =>
    io.err(`${io.styleErr('yellow', 'connection lost')}, trying again in ${retryInMs / 1000} s\n`)
  const stop = new AbortController()
  const signal = AbortSignal.any([io.interrupted, stop.signal])
  const onPosition = (seq: number): void => {
    if (end !== undefined && seq >= end) stop.abort()
  }
  for await (const event of client.events(filter, { since, signal, onLost, onPosition })) {
    if (end === undefined || event.seq <= end) print(event)
    onPosition(event.seq)
  }
  if (io.interrupted.aborted) process.exitCode = exitCodes.interrupted
}
