/** `dunlin rollout`: shows and follows the rollout of a job, and steers it. Also `dunlin rollback` and `dunlin rerun`. */
import type { AcceptedView, JobKey } from '@dunlin/contracts'
import type { Client, CommandOptions } from '@dunlin/client'
import type { Command } from 'commander'
import type { Context, GlobalOptions } from '../context.ts'
import { jobKeyOf } from '../job-name.ts'
import { printAccepted } from '../output/accepted.ts'
import { structured, type Format } from '../output/format.ts'
import { rolloutTree } from '../rollout/describe-rollout.ts'
import { lookAt, watchRollout } from '../rollout/watch.ts'
import { waitForJob } from '../wait.ts'
import { formatOption, idempotencyOption, ifMatchOption, namespaceOption, wholeNumber } from './options.ts'

interface SteerOptions extends GlobalOptions {
  readonly namespace?: string
  readonly reason?: string
  readonly toVersion?: number
  readonly whole?: boolean
  readonly wait?: boolean
  readonly timeout: number
  readonly idempotencyKey?: string
  readonly ifMatch?: string
  readonly output: Format
}
interface GetOptions extends GlobalOptions {
  readonly namespace?: string
  readonly watch?: boolean
  readonly untilHeld?: boolean
  readonly timeout?: number
  readonly output: Format
}

interface Verb {
  readonly name: string
  /** The word for what was done. */
  readonly done: string
  readonly summary: string
  readonly description: string
  readonly example: string
  /** What `--wait` waits for: the version that the command made, or the rollout that it lets go on. */
  readonly waitsFor?: 'version' | 'rollout'
  readonly send: (client: Client, key: JobKey, options: SteerOptions, more: CommandOptions) => Promise<AcceptedView>
}

const body = ({ reason }: SteerOptions) => (reason === undefined ? {} : { reason })

const rollback: Verb = {
  name: 'rollback',
  done: 'rolled back',
  summary: 'bring the content of an older version back',
  description:
    'Makes a new version with the content of an older one; labels, placement and the rollout policy stay as they are now. ' +
    'Without --to the latest other content that a completed rollout has proven.',
  example: 'dunlin rollback web --reason "version 4 leaks memory" --wait\n  dunlin rollback prod/web --to 3 --whole',
  waitsFor: 'version',
  send: (client, key, options, more) => {
    const { toVersion, whole } = options
    const target = { ...(toVersion === undefined ? {} : { version: toVersion }), ...(whole === true ? { whole } : {}) }
    return client.jobs.rollback(key, { ...body(options), ...target }, more)
  },
}
const rerun: Verb = {
  name: 'rerun',
  done: 'runs again',
  summary: 'roll the same content out again',
  description: 'Makes a new version with the same content and restarts it on every node, wave by wave.',
  example: 'dunlin rerun web --reason "new certificates" --wait',
  waitsFor: 'version',
  send: (client, key, options, more) => client.jobs.rerun(key, body(options), more),
}
const steering: readonly Verb[] = [
  {
    name: 'pause',
    done: 'paused',
    summary: 'hold the rollout',
    description: 'Holds the rollout of a job: nothing more is granted. Judgement and halting go on; deadlines stop.',
    example: 'dunlin rollout pause web --reason "lunch"',
    send: (client, key, options, more) => client.rollouts.pause(key, body(options), more),
  },
  {
    name: 'resume',
    done: 'resumed',
    summary: 'let a paused or halted rollout go on',
    description: 'Lifts the hold of a person. A halted rollout is revived: the nodes that failed are written off.',
    example: 'dunlin rollout resume web --reason "both had full disks" --wait',
    waitsFor: 'rollout',
    send: (client, key, options, more) => client.rollouts.resume(key, body(options), more),
  },
  {
    name: 'promote',
    done: 'promoted',
    summary: 'let a canary rollout go on to the other nodes',
    description: 'Lets a canary rollout go on to the other nodes, when its canary wave is settled.',
    example: 'dunlin rollout promote web --wait',
    waitsFor: 'rollout',
    send: (client, key, options, more) => client.rollouts.promote(key, body(options), more),
  },
  {
    name: 'halt',
    done: 'halted',
    summary: 'halt the rollout',
    description:
      'Halts the rollout: healthy nodes keep what they run, failed executions stop, nothing rolls back by itself.',
    example: 'dunlin rollout halt web --reason "customers complain"',
    send: (client, key, options, more) => client.rollouts.halt(key, body(options), more),
  },
]

const addVerb = (parent: Command, context: Context, verb: Verb): void => {
  const command = parent
    .command(verb.name)
    .summary(verb.summary)
    .description(verb.description)
    .argument('<job>', 'NAME, NAMESPACE/NAME, or NAME with -n')
    .addOption(namespaceOption())
    .option('--reason <text>', 'why; recorded in the log')
    .addOption(idempotencyOption())
    .addOption(ifMatchOption())
    .addOption(formatOption())
    .addHelpText('after', `\nExamples:\n  ${verb.example}`)
  if (verb.name === 'rollback')
    command
      .option('--to <version>', 'version whose content to go back to', wholeNumber)
      .option('--whole', 'take the whole spec of that version, and not its content alone')
  if (verb.waitsFor !== undefined)
    command
      .option('--wait', 'wait until the rollout is over; the exit code then tells how')
      .option('--timeout <seconds>', 'how long --wait waits', wholeNumber, 600)
  command.action(async (job: string, _options: unknown, own: Command) => {
    const options = own.optsWithGlobals<SteerOptions & { readonly to?: number }>()
    const { io } = context
    const client = context.client(options)
    const key = jobKeyOf(job, options.namespace)
    const { idempotencyKey, ifMatch, to, output } = options
    const wanted = to === undefined ? options : { ...options, toVersion: to }
    const accepted = await verb.send(client, key, wanted, { idempotencyKey, ifMatch, signal: io.interrupted })
    printAccepted(io, accepted, verb.done, output)
    if (options.wait !== true) return
    const timeoutMs = options.timeout * 1000
    process.exitCode =
      verb.waitsFor === 'version'
        ? await waitForJob(client, io, accepted, { version: accepted.version, sinceSeq: accepted.seq, timeoutMs })
        : await watchRollout(client, io, key, { output, untilHeld: true, minSeq: accepted.seq, timeoutMs })
  })
}

const addGet = (parent: Command, context: Context): void => {
  parent
    .command('get')
    .summary('show the rollout of a job, or follow it')
    .description(
      'Shows the present rollout: waves, nodes, evidence against its limits, holds and what it waits for. With -w it follows the rollout until it is over, ' +
        'drawn in place on a terminal and as one line for each change elsewhere; the exit code then tells how it ended: ' +
        '0 completed, 7 halted or rolled back, 10 superseded, 11 canceled, 12 expired, 13 held (with --until-held).',
    )
    .argument('<job>', 'NAME, NAMESPACE/NAME, or NAME with -n')
    .addOption(namespaceOption())
    .option('-w, --watch', 'follow it until it is over')
    .option('--until-held', 'with -w: also end when it is held and waits for somebody')
    .option('--timeout <seconds>', 'with -w: follow it no longer than this', wholeNumber)
    .addOption(formatOption())
    .addHelpText(
      'after',
      '\nExamples:\n  dunlin rollout get web\n  dunlin rollout get prod/web -w\n  dunlin rollout get web -w --until-held && dunlin rollout promote web',
    )
    .action(async (job: string, _options: unknown, command: Command) => {
      const options = command.optsWithGlobals<GetOptions>()
      const { io } = context
      const client = context.client(options)
      const key = jobKeyOf(job, options.namespace)
      const { output, untilHeld = false, timeout } = options
      if (options.watch === true) {
        const limit = timeout === undefined ? {} : { timeoutMs: timeout * 1000 }
        process.exitCode = await watchRollout(client, io, key, { output, untilHeld, ...limit })
        return
      }
      const picture = await lookAt(client, key)
      io.out(output === 'table' ? rolloutTree(io, picture, Date.now()) : structured(output, picture.rollout))
    })
}

export const addRollout = (program: Command, context: Context): void => {
  const group = program
    .command('rollout')
    .summary('show, follow and steer the rollout of a job')
    .description('Shows, follows and steers the rollout of a job.')
  addGet(group, context)
  for (const verb of [...steering, rollback, rerun]) addVerb(group, context, verb)
  // What begins a new rollout is said of the job as well.
  for (const verb of [rollback, rerun]) addVerb(program, context, verb)
}
