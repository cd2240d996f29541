/** `dunlin node approve|label|cordon|uncordon|drain|remove`: what people do to nodes. */
import type { Client, NodeCommandOptions } from '@dunlin/client'
import type { NodeAcceptedView } from '@dunlin/contracts'
import { InvalidArgumentError, type Command } from 'commander'
import type { Context, GlobalOptions } from '../context.ts'
import type { Io } from '../io.ts'
import { structured, type Format } from '../output/format.ts'
import { waitForDrain } from '../wait-drain.ts'
import { nodeGroup } from './node-group.ts'
import { formatOption, idempotencyOption, wholeNumber } from './options.ts'

interface NodeOptions extends GlobalOptions {
  readonly reason?: string
  readonly deadline?: string
  readonly force?: boolean
  readonly wait?: boolean
  readonly timeout: number
  readonly idempotencyKey?: string
  readonly output: Format
}

interface Verb {
  readonly name: 'approve' | 'cordon' | 'uncordon' | 'drain' | 'remove'
  /** The word for what was done. */
  readonly done: string
  readonly summary: string
  readonly description: string
  readonly example: string
  readonly send: (
    client: Client,
    node: string,
    options: NodeOptions,
    more: NodeCommandOptions,
  ) => Promise<NodeAcceptedView>
}

const why = ({ reason }: NodeOptions) => (reason === undefined ? {} : { reason })

const verbs: readonly Verb[] = [
  {
    name: 'approve',
    done: 'admitted',
    summary: 'let a node in that has joined and waits for a person',
    description: 'Admits a node that has joined with a token that does not admit by itself.',
    example: 'dunlin node approve edge-1',
    send: (client, node, options, more) => client.nodes.approve(node, why(options), more),
  },
  {
    name: 'cordon',
    done: 'cordoned',
    summary: 'keep new jobs away from a node',
    description: 'Keeps new jobs away from a node. What is placed there stays, and is updated.',
    example: 'dunlin node cordon edge-1 --reason "new disk on Friday"',
    send: (client, node, options, more) => client.nodes.cordon(node, why(options), more),
  },
  {
    name: 'uncordon',
    done: 'open',
    summary: 'end a cordon or a drain',
    description: 'Lets jobs be placed on a node again, also on one that is being drained.',
    example: 'dunlin node uncordon edge-1',
    send: (client, node, options, more) => client.nodes.uncordon(node, why(options), more),
  },
  {
    name: 'drain',
    done: 'draining',
    summary: 'stop the jobs of a node, lowest priority first',
    description:
      'Stops the jobs of a node in the order of their priority: a higher one only when all lower ones have stopped. Batch jobs may go on ' +
      'until the deadline, at which everything that is left is stopped. Nothing moves: who runs on matching nodes runs there already.',
    example: 'dunlin node drain edge-1 --wait\n  dunlin node drain edge-1 --deadline 2h --reason "new disk"',
    send: (client, node, options, more) => {
      const { deadline } = options
      return client.nodes.drain(node, { ...why(options), ...(deadline === undefined ? {} : { deadline }) }, more)
    },
  },
  {
    name: 'remove',
    done: 'removed',
    summary: 'give a node up',
    description: 'Gives a node up: its jobs leave it, and its key is refused. A connected node only by force.',
    example: 'dunlin node remove edge-1 --reason scrapped',
    send: (client, node, options, more) =>
      client.nodes.remove(node, { ...why(options), ...(options.force === true ? { force: true } : {}) }, more),
  },
]

const printDone = (io: Io, { node, seq, unchanged }: NodeAcceptedView, done: string): void =>
  io.out(`${node} ${unchanged ? io.style('dim', 'unchanged') : io.style('green', done)} (seq ${seq})\n`)

const show = (io: Io, accepted: NodeAcceptedView, done: string, format: Format): void =>
  format === 'table' ? printDone(io, accepted, done) : io.out(structured(format, accepted))

const common = (command: Command): Command =>
  command.option('--reason <text>', 'why; recorded in the log').addOption(idempotencyOption()).addOption(formatOption())

const addVerb = (parent: Command, context: Context, verb: Verb): void => {
  const command = common(
    parent.command(verb.name).summary(verb.summary).description(verb.description).argument('<node>', 'id of a node'),
  ).addHelpText('after', `\nExamples:\n  ${verb.example}`)
  if (verb.name === 'remove') command.option('--force', 'also while it is connected')
  if (verb.name === 'drain')
    command
      .option(
        '--deadline <duration>',
        'how long batch jobs and stops may take, e.g. 30m; 0s stops all at once (default 15m)',
      )
      .option('--wait', 'wait until nothing runs there any more')
      .option('--timeout <seconds>', 'how long --wait waits', wholeNumber, 1200)
  command.action(async (node: string, _options: unknown, own: Command) => {
    const options = own.optsWithGlobals<NodeOptions>()
    const { io } = context
    const client = context.client(options)
    const more = { idempotencyKey: options.idempotencyKey, signal: io.interrupted }
    const accepted = await verb.send(client, node, options, more)
    show(io, accepted, verb.done, options.output)
    if (options.wait === true)
      process.exitCode = await waitForDrain(client, io, node, {
        minSeq: accepted.seq,
        timeoutMs: options.timeout * 1000,
      })
  })
}

interface Changes {
  readonly set: Readonly<Record<string, string>>
  readonly remove: readonly string[]
}

/** `key=value` sets, `key-` removes. */
const change = (word: string, before: Changes = { set: {}, remove: [] }): Changes => {
  const cut = word.indexOf('=')
  if (cut > 0) return { ...before, set: { ...before.set, [word.slice(0, cut)]: word.slice(cut + 1) } }
  if (cut < 0 && word.length > 1 && word.endsWith('-'))
    return { ...before, remove: [...before.remove, word.slice(0, -1)] }
  throw new InvalidArgumentError('expected key=value to set a label, or key- to remove one')
}

const addLabel = (parent: Command, context: Context): void => {
  const { io } = context
  common(
    parent
      .command('label')
      .summary('set and remove labels of a node')
      .description('Sets labels at the centre, which win over those of the agent, and removes labels of the centre.')
      .argument('<node>', 'id of a node')
      .argument('<change...>', 'key=value sets a label, key- removes it', change),
  )
    .addHelpText(
      'after',
      '\nExamples:\n  dunlin node label edge-1 ring=canary dunlin.io/site=hull\n  dunlin node label edge-1 ring-',
    )
    .action(async (node: string, { set, remove }: Changes, _options: unknown, own: Command) => {
      const options = own.optsWithGlobals<NodeOptions>()
      const body = { ...why(options), set: { ...set }, remove: [...remove] }
      const more = { idempotencyKey: options.idempotencyKey, signal: io.interrupted }
      show(io, await context.client(options).nodes.label(node, body, more), 'labelled', options.output)
    })
}

export const addNode = (program: Command, context: Context): void => {
  const group = nodeGroup(program)
  for (const verb of verbs) addVerb(group, context, verb)
  addLabel(group, context)
}
