/** `dunlin explain job|rollout|node`: what was decided when, by whom and on which evidence, and what is waited for. */
import type { ExplanationView } from '@dunlin/contracts'
import type { Command } from 'commander'
import type { Context, GlobalOptions } from '../context.ts'
import { exitCodes } from '../exit-codes.ts'
import type { Io } from '../io.ts'
import { jobKeyOf } from '../job-name.ts'
import { structured, type Format } from '../output/format.ts'
import { printable } from '../output/table.ts'
import { formatOption, namespaceOption, wholeNumber } from './options.ts'

interface ExplainOptions extends GlobalOptions {
  readonly namespace?: string
  readonly since?: number
  readonly rollout?: string
  readonly job?: string
  readonly output: Format
}

const PAGE = 1000

/** Every page as one explanation. */
const readAll = async (
  read: (at: { limit: number; cursor?: string }) => Promise<ExplanationView>,
): Promise<ExplanationView> => {
  let page = await read({ limit: PAGE })
  const decisions = [...page.decisions]
  while (page.next_cursor !== undefined) {
    page = await read({ limit: PAGE, cursor: page.next_cursor })
    decisions.push(...page.decisions)
  }
  const { next_cursor: _, ...rest } = page
  return { ...rest, decisions }
}

type Decision = ExplanationView['decisions'][number]

const explanationText = (io: Io, explanation: ExplanationView): string => {
  const { about, name, message, waits_for: waits, decisions, checked, complete } = explanation
  const lines = [
    `${about} ${io.style('bold', printable(name))}  ${printable(message)}\n`,
    ...waits.map(
      (wait) =>
        `  ${io.style('yellow', 'waits for')} ${printable(wait.message)}${wait.until === undefined ? '' : `, until ${wait.until}`}\n`,
    ),
    '\n',
    ...decisions.map((decision) => decisionText(io, decision)),
  ]
  if (!complete) lines.push(io.style('dim', '  what came before was compacted away\n'))
  return `${lines.join('')}${checkedText(io, checked)}`
}

const decisionText = (
  io: Io,
  { seq, at, by, message, namespace, job, cause_seq: cause, checks = [] }: Decision,
): string => {
  const where = job === undefined ? '' : `${io.style('cyan', printable(`${namespace}/${job}`))} `
  const why = cause === undefined ? '' : io.style('dim', ` <- ${cause}`)
  const head = `${io.style('dim', `${String(seq).padStart(6)} ${at}`)} ${io.style('dim', by)}  ${where}${printable(message)}${why}\n`
  const marks = {
    agrees: io.style('green', 'agrees'),
    disagrees: io.style('red', 'DISAGREES'),
    not_computable: io.style('dim', 'not computed'),
  }
  const told = checks.map(
    ({ is, node, message: text }) => `       ${marks[is]} ${node === undefined ? '' : `${node}: `}${printable(text)}\n`,
  )
  return head + told.join('')
}

const checkedText = (
  io: Io,
  { decisions, agree, disagree, not_computable: not, unverified }: ExplanationView['checked'],
): string => {
  const taken = takenText(unverified)
  if (decisions === 0) return taken === '' ? '' : `\n${taken}`
  const rest = not === 0 ? '' : `, ${not} rest on what no window says`
  const what = decisions === 1 ? '1 verdict or halt' : `${decisions} verdicts and halts`
  const text = `${what} computed again: ${agree} agree, ${disagree} disagree${rest}\n`
  return `\n${disagree > 0 ? io.style('red', text) : text}${taken}`
}

/** What nodes and judges said, and nothing in the log proves. */
const takenText = (unverified: ExplanationView['checked']['unverified']): string => {
  if (unverified === undefined) return ''
  const { windows, reports, silences, connections, sight } = unverified
  const parts = [
    [windows, 'windows that nodes counted themselves'],
    [reports, 'endings that nodes reported'],
    [silences, 'silences that a judge saw'],
    [connections, 'connections as they were seen'],
    [sight, 'holds for lack of sight'],
  ] as const
  const some = parts.flatMap(([count, what]) => (count === 0 ? [] : [`${count} ${what}`]))
  return some.length === 0 ? '' : `taken as recorded, not verified: ${some.join(', ')}\n`
}

const show = (io: Io, { output }: ExplainOptions, explanation: ExplanationView): void => {
  io.out(output === 'table' ? explanationText(io, explanation) : structured(output, explanation))
  // A log whose decisions do not follow from it is nothing to pass over in a script.
  if (explanation.checked.disagree > 0) process.exitCode = exitCodes.unexpected
}

export const addExplain = (program: Command, context: Context): void => {
  const { io } = context
  const explain = program
    .command('explain')
    .summary('tell why a job, a rollout or a node is where it is')
    .description(
      'Tells, from the log alone, what was decided when, by whom and on which evidence, each decision with its sequence, and what is waited for and until when. ' +
        'Every verdict and every halt is computed again; the exit code is 1 when one does not come out as it was recorded.',
    )

  explain
    .command('job')
    .summary('explain a job')
    .argument('<job>', 'NAME, NAMESPACE/NAME, or NAME with -n')
    .addOption(namespaceOption())
    .option(
      '--since <seq>',
      'from this sequence on; 0 = all that the log holds (default: the version in force)',
      wholeNumber,
    )
    .addOption(formatOption())
    .addHelpText('after', '\nExamples:\n  dunlin explain job log-processor\n  dunlin explain job prod/web --since 0')
    .action(async (job: string, _options: unknown, command: Command) => {
      const options = command.optsWithGlobals<ExplainOptions>()
      const client = context.client(options)
      const key = jobKeyOf(job, options.namespace)
      const since = options.since === undefined ? {} : { since: options.since }
      show(io, options, await readAll((at) => client.jobs.explain(key, { ...since, ...at })))
    })

  explain
    .command('rollout')
    .summary('explain a rollout of a job')
    .argument('<job>', 'NAME, NAMESPACE/NAME, or NAME with -n')
    .addOption(namespaceOption())
    .option('--rollout <id>', 'an earlier one; the job shows their ids (default: the present one)')
    .addOption(formatOption())
    .addHelpText('after', '\nExamples:\n  dunlin explain rollout web\n  dunlin explain rollout prod/web -o json')
    .action(async (job: string, _options: unknown, command: Command) => {
      const options = command.optsWithGlobals<ExplainOptions>()
      const client = context.client(options)
      const key = jobKeyOf(job, options.namespace)
      const id = options.rollout ?? (await client.rollouts.get(key)).id
      show(io, options, await readAll((at) => client.rollouts.explain(key, id, at)))
    })

  explain
    .command('node')
    .summary('explain a node, and what each job decided about it')
    .argument('<node>', 'id of a node')
    .addOption(namespaceOption())
    .option('--job <job>', 'only what this job decided')
    .addOption(formatOption())
    .addHelpText('after', '\nExamples:\n  dunlin explain node edge-1\n  dunlin explain node edge-1 --job web')
    .action(async (node: string, _options: unknown, command: Command) => {
      const options = command.optsWithGlobals<ExplainOptions>()
      const client = context.client(options)
      const key = options.job === undefined ? undefined : jobKeyOf(options.job, options.namespace)
      const only = key === undefined ? {} : { namespace: key.namespace, job: key.name }
      const all = options.namespace === undefined || key !== undefined ? only : { namespace: options.namespace }
      show(io, options, await readAll((at) => client.nodes.explain(node, { ...all, ...at })))
    })
}
