/** `dunlin describe job|node`: one thing with all that belongs to it. */
import type { ExecutionView, JobDetailView, NodeView } from '@dunlin/contracts'
import type { Command } from 'commander'
import type { Context, GlobalOptions } from '../context.ts'
import type { Io } from '../io.ts'
import { jobKeyOf } from '../job-name.ts'
import { structured, type Format } from '../output/format.ts'
import { executionColumns } from '../output/lists.ts'
import { paintState } from '../output/state.ts'
import { table } from '../output/table.ts'
import { countsText, evidenceText, haltText, nodesText } from '../rollout/describe-rollout.ts'
import { formatOption, namespaceOption } from './options.ts'

interface DescribeOptions extends GlobalOptions {
  readonly namespace?: string
  readonly output: Format
}

/** More executions than this are counted, not listed; `get executions` has all of them. */
const LISTED = 20

const facts = (io: Io, rows: readonly (readonly [string, string | undefined])[]): string =>
  table(
    [
      { head: '', cell: (row) => row[0], paint: (text) => io.style('dim', text) },
      { head: '', cell: (row) => row[1] ?? '-' },
    ],
    rows.filter((row): row is readonly [string, string] => row[1] !== undefined),
    { headers: false },
  )

const pairs = (record: Readonly<Record<string, unknown>>): string | undefined => {
  const entries = Object.entries(record).map(([key, value]) => `${key}=${String(value)}`)
  return entries.length === 0 ? undefined : entries.join(', ')
}

const title = (io: Io, text: string): string => `\n${io.style('bold', text)}\n`

type Version = JobDetailView['status']['versions'][number]
const how = ({ rolled_back_from: from, rolled_back_to: to, rerun }: Version): string => {
  if (rerun === true) return 'rerun'
  return from === undefined ? 'applied' : `rolls ${from} back${to === undefined ? '' : ` to ${to}`}`
}

const jobText = (io: Io, job: JobDetailView): string => {
  const { id, spec, status } = job
  const { state, rollout, placement } = status
  const waits =
    state.waits_for === undefined ? undefined : `${state.waits_for}${state.until ? ` until ${state.until}` : ''}`
  const lines = [
    `${io.style('bold', `${spec.namespace}/${spec.name}`)}  ${paintState(io, state.state_type)}  ${state.message}\n`,
    facts(io, [
      ['reason', state.reason],
      ['since', state.since],
      ['waits for', waits],
      ['details', pairs(state.details ?? {})],
      ['type', spec.type],
      ['id', id],
      ['version', `${status.version} (revision ${status.revision}, seq ${status.seq})`],
      ['labels', pairs((spec['labels'] ?? {}) as Record<string, unknown>)],
      ['placed on', nodesText(status.placed)],
      ['left out', placement === undefined ? undefined : pairs(placement.left_out)],
      ['trouble', status.condition],
    ]),
  ]
  if (rollout !== undefined) {
    const { counts } = rollout
    lines.push(
      title(io, 'Rollout'),
      facts(io, [
        ['phase', `${rollout.phase}${rollout.halted === undefined ? '' : `: ${haltText(rollout.halted)}`}`],
        ['strategy', rollout.strategy],
        ['version', String(rollout.version)],
        ['wave', rollout.waves === undefined ? undefined : `${rollout.wave ?? 0} of ${rollout.waves.length}`],
        ['targets', `${counts.targets}: ${countsText(counts)}`],
        ['evidence', evidenceText(rollout)],
        ...(rollout.holds ?? []).map(({ hold, by, message }) => ['held', `${hold}, by ${by}: ${message}`] as const),
      ]),
    )
  }
  lines.push(
    title(io, 'Versions'),
    table(
      [
        { head: 'VERSION', cell: (one) => String(one.version), right: true },
        { head: 'AT', cell: (one) => one.at },
        { head: 'BY', cell: (one) => one.by },
        { head: 'CONTENT', cell: (one) => one.content.slice(0, 12) },
        { head: 'HOW', cell: how },
      ],
      status.versions.toReversed().slice(0, LISTED),
      { headers: true },
    ),
  )
  return lines.join('')
}

const nodeText = (io: Io, node: NodeView): string =>
  [
    `${io.style('bold', node.id)}  ${paintState(io, node.connection)}\n`,
    facts(io, [
      [
        'admission',
        node.admission === 'pending' ? `pending: dunlin node approve ${node.id} lets it in` : node.admission,
      ],
      ['since', node.since],
      ['last heard', node.last_heard_at],
      ['clock', clockText(node)],
      ['jobs', schedulingText(node)],
      ...(node.drain?.left ?? []).map((step) => ['to stop', leftText(step)] as const),
      ['agent', node.agent_version],
      ['drivers', node.drivers.join(', ')],
      ['resources', node.resources === undefined ? undefined : pairs(node.resources)],
      ['capabilities', node.capabilities?.join(', ')],
      ['labels', pairs(node.labels)],
      ...(node.warnings ?? []).map(({ message }) => ['warning', message] as const),
    ]),
  ].join('')

const clockText = ({ clock_offset_ms: ms }: NodeView): string | undefined =>
  ms === undefined ? undefined : `${Math.abs(ms)} ms ${ms < 0 ? 'behind' : 'ahead of'} the centre's`

const schedulingText = ({ scheduling, cordoned_since: since, drain }: NodeView): string => {
  if (drain === undefined) return since === undefined ? scheduling : `${scheduling} since ${since}`
  const until = drain.deadline_at === undefined ? 'at once' : `until ${drain.deadline_at} at the latest`
  return drain.done ? `drained since ${drain.since}: nothing runs there` : `draining ${until}`
}

type Left = NonNullable<NodeView['drain']>['left'][number]
const leftText = ({ namespace, job, priority, class: of, turn }: Left): string =>
  `${namespace}/${job} (priority ${priority}, ${of}): ${turn}`

const executionsText = (io: Io, items: readonly ExecutionView[], total: number): string => {
  if (items.length === 0) return ''
  const more = total > items.length ? `${total - items.length} more: dunlin get executions\n` : ''
  return title(io, 'Executions') + table(executionColumns(io), items, { headers: true }) + more
}

export const addDescribe = (program: Command, context: Context): void => {
  const { io } = context
  const describe = program
    .command('describe')
    .summary('show one job or node')
    .description('Shows one thing with all its parts.')

  describe
    .command('job')
    .argument('<job>', 'NAME, NAMESPACE/NAME, or NAME with -n')
    .summary('show a job')
    .addOption(namespaceOption())
    .addOption(formatOption())
    .addHelpText('after', '\nExamples:\n  dunlin describe job log-processor\n  dunlin describe job prod/web -o yaml')
    .action(async (job: string, _options: unknown, command: Command) => {
      const options = command.optsWithGlobals<DescribeOptions>()
      const client = context.client(options)
      const key = jobKeyOf(job, options.namespace)
      const view = await client.jobs.get(key)
      if (options.output !== 'table') return io.out(structured(options.output, view))
      const page = await client.executions.list({ namespace: key.namespace, job: key.name, limit: LISTED })
      io.out(jobText(io, view) + executionsText(io, page.items, page.total))
    })

  describe
    .command('node')
    .argument('<node>', 'id of a node')
    .summary('show a node')
    .addOption(formatOption())
    .addHelpText('after', '\nExample:\n  dunlin describe node edge-1')
    .action(async (id: string, _options: unknown, command: Command) => {
      const options = command.optsWithGlobals<DescribeOptions>()
      const client = context.client(options)
      const view = await client.nodes.get(id)
      if (options.output !== 'table') return io.out(structured(options.output, view))
      const page = await client.executions.list({ node: id, limit: LISTED })
      io.out(nodeText(io, view) + executionsText(io, page.items, page.total))
    })
}
