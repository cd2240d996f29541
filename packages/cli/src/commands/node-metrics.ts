/** `dunlin node metrics`: what a node uses, now and in the last hour. */
import type { NodeMetricsView } from '@dunlin/contracts'
import type { Command } from 'commander'
import type { Context, GlobalOptions } from '../context.ts'
import { structured, type Format } from '../output/format.ts'
import { spark } from '../output/spark.ts'
import { table } from '../output/table.ts'
import { nodeGroup } from './node-group.ts'
import { formatOption } from './options.ts'

interface MetricsOptions extends GlobalOptions {
  readonly output: Format
}

export const addNodeMetrics = (program: Command, context: Context): void => {
  const { io } = context
  nodeGroup(program)
    .command('metrics')
    .argument('<node>', 'id of a node')
    .summary('show what a node uses')
    .description(
      'Asks a node for its processor, memory, disk and load of the last hour, and for what each task uses now.',
    )
    .addOption(formatOption())
    .addHelpText('after', '\nExamples:\n  dunlin node metrics edge-1\n  dunlin node metrics edge-1 -o json')
    .action(async (id: string, _options: unknown, command: Command) => {
      const options = command.optsWithGlobals<MetricsOptions>()
      const view = await context.client(options).nodes.metrics(id)
      io.out(options.output === 'table' ? metricsText(view) : structured(options.output, view))
    })
}

const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB']
const bytesText = (bytes: number): string => {
  const at = bytes < 1 ? 0 : Math.min(units.length - 1, Math.floor(Math.log2(bytes) / 10))
  return `${(bytes / 1024 ** at).toFixed(at === 0 ? 0 : 1)} ${units[at]}`
}
const percent = (share: number): string => `${(share * 100).toFixed(0)} %`

interface Row {
  readonly what: string
  readonly now: string
  readonly of: string
  readonly history: string
}

const last = (series: readonly number[]): number => series.at(-1) ?? 0
const peak = (series: readonly number[]): number => Math.max(1, ...series)

const metricsText = (view: NodeMetricsView): string => {
  const { history, cpus, memory_bytes: memory, disk_bytes: disk } = view
  const none = history.cpu.length === 0
  const row = (what: string, series: readonly number[], most: number, now: string, of: string): Row => ({
    what,
    now: none ? '-' : now,
    of,
    history: spark(series, most),
  })
  const { cpu, memory_used_bytes: used, disk_used_bytes: full, load_average: load, tasks } = history
  const agent = history.agent_rss_bytes
  const rows = [
    row('cpu', cpu, 1, percent(last(cpu)), `${cpus} cores`),
    row('memory', used, memory, bytesText(last(used)), bytesText(memory)),
    row('disk', full, disk, bytesText(last(full)), bytesText(disk)),
    row('load', load, Math.max(cpus, peak(load)), last(load).toFixed(2), `${cpus} cores`),
    row('tasks', tasks, peak(tasks), String(last(tasks)), ''),
    row('agent memory', agent, peak(agent), bytesText(last(agent)), ''),
  ]
  const minutes = Math.round((history.cpu.length * view.every_ms) / 60_000)
  const head = table(
    [
      { head: 'WHAT', cell: ({ what }: Row) => what },
      { head: 'NOW', cell: ({ now }: Row) => now, right: true },
      { head: 'OF', cell: ({ of }: Row) => of, right: true },
      { head: none ? 'NO SAMPLE YET' : `LAST ${minutes} MIN`, cell: ({ history: line }: Row) => line },
    ],
    rows,
    { headers: true },
  )
  if (view.executions.length === 0) return head
  const tasksTable = table(
    [
      { head: 'EXECUTION', cell: (one) => one.id },
      { head: 'JOB', cell: (one) => `${one.namespace}/${one.job}` },
      { head: 'CPU', cell: (one) => `${one.cpu_cores.toFixed(2)} cores`, right: true },
      { head: 'MEMORY', cell: (one) => bytesText(one.memory_bytes), right: true },
      { head: 'PROCESSES', cell: (one) => String(one.processes), right: true },
      { head: 'CPU TIME', cell: (one) => `${one.cpu_seconds.toFixed(1)} s`, right: true },
    ],
    view.executions,
    { headers: true },
  )
  return `${head}\n${tasksTable}`
}
