/** `dunlin plan`: what applying a spec now would do. */
import type { PlannedView } from '@dunlin/contracts'
import type { Command } from 'commander'
import type { Context, GlobalOptions } from '../context.ts'
import type { Io } from '../io.ts'
import { structured, type Format } from '../output/format.ts'
import { printable, table } from '../output/table.ts'
import { readSpecFile } from '../read-spec.ts'
import { formatOption } from './options.ts'

interface PlanOptions extends GlobalOptions {
  readonly file?: string
  readonly output: Format
}

type Row = readonly [string, string]

const planText = (io: Io, plan: PlannedView): string => {
  const { namespace, name, action, message, changed, placement, rollout, seq } = plan
  const colour = { create: 'green', update: 'yellow', unchanged: 'dim' } as const
  const left = Object.entries(placement.left_out).map(([reason, count]) => `${count} by ${reason}`)
  const facts: Row[] = [
    ...(changed.length === 0 ? [] : [['changes', changed.join(', ')] as const]),
    ...(left.length === 0 ? [] : [['left out', left.join(', ')] as const]),
    ...(rollout === undefined ? [] : rolloutFacts(rollout)),
    ['as of seq', String(seq)],
  ]
  return [
    `${io.style('bold', printable(`${namespace}/${name}`))}  ${io.style(colour[action], action)}  ${printable(message)}\n`,
    table(
      [
        { head: '', cell: (row: Row) => row[0], paint: (text) => io.style('dim', text) },
        { head: '', cell: (row: Row) => row[1] },
      ],
      facts,
      { headers: false },
    ),
    ...(rollout === undefined ? [] : ['\n', wavesText(rollout)]),
  ].join('')
}

type PlannedRollout = NonNullable<PlannedView['rollout']>

const rolloutFacts = (rollout: PlannedRollout): readonly Row[] => {
  const { strategy, type, targets, already, unhealthy, budget, ramp, first, supersedes, hash, seed } = rollout
  const others = [
    ...(already > 0 ? [`${already} run it already`] : []),
    ...(unhealthy > 0
      ? [`${unhealthy} ${unhealthy === 1 ? 'is unhealthy and comes' : 'are unhealthy and come'} first`]
      : []),
  ]
  const steps = ramp.map(({ may_be_open: open, until_settled: settled }) => `${open} until ${settled} have settled`)
  return [
    ['rollout', `${strategy} (${type})`],
    ['targets', `${targets}${others.length === 0 ? '' : ` (${others.join(', ')})`}`],
    ['budget', `${budget} ${budget === 1 ? 'node' : 'nodes'} at risk at once`],
    ...(steps.length === 0 ? [] : [['ramp', `${steps.join(', ')}, then the whole wave`] as const]),
    ...(first.length === 0 ? [] : [['first', `${first.join(', ')}${first.length < targets ? ' ...' : ''}`] as const]),
    ...(supersedes === undefined ? [] : [['supersedes', supersedes] as const]),
    ['order', `seed ${seed}, hash ${hash.slice(0, 12)}`],
  ]
}

const wavesText = ({ waves }: PlannedRollout): string =>
  table(
    [
      { head: 'WAVE', cell: (wave) => `${wave.wave}${wave.canary ? ' (canary)' : ''}` },
      { head: 'NODES', cell: (wave) => String(wave.nodes), right: true },
      { head: 'PROVES', cell: (wave) => wave.power },
    ],
    waves,
    { headers: true },
  )

export const addPlan = (program: Command, context: Context): void => {
  program
    .command('plan')
    .summary('tell what applying a spec now would do')
    .description(
      'Tells what applying a spec now would do, without doing it: which fields change, on which nodes the job would be placed, in which order and waves it ' +
        'would be rolled out, and what each wave could prove. Applied at once, exactly this plan runs.',
    )
    .argument('[file]', 'spec, or - for standard input')
    .option('-f, --file <file>', 'the same, as an option')
    .addOption(formatOption())
    .addHelpText('after', '\nExamples:\n  dunlin plan job.yaml\n  generate-spec | dunlin plan - -o json')
    .action(async (argument: string | undefined, _options: unknown, command: Command) => {
      const options = command.optsWithGlobals<PlanOptions>()
      const { io } = context
      const file = argument ?? options.file
      if (file === undefined) return command.error("error: missing required argument 'file'")
      const { text, format } = await readSpecFile(io, file)
      const plan = await context.client(options).jobs.plan({ text, format }, {}, { signal: io.interrupted })
      for (const { path, message } of plan.warnings)
        io.err(`${io.styleErr('yellow', 'warning')} ${path === '' ? '' : `${path} `}${printable(message)}\n`)
      io.out(options.output === 'table' ? planText(io, plan) : structured(options.output, plan))
    })
}
