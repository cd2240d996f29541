/**
 * Counters and gauges, written as Prometheus text. Every metric of the system is named here once, with its help and
 * labels, so that a dashboard can be built from this table.
 */
export const metricCatalogue = {
  dunlin_commits_folded_total: {
    kind: 'counter',
    help: 'Messages of the log that this process folded.',
    labels: ['admission'],
  },
  dunlin_commits_appended_total: { kind: 'counter', help: 'Commits that this process appended.', labels: [] },
  dunlin_commands_total: {
    kind: 'counter',
    help: 'Commands decided, by verb and outcome.',
    labels: ['verb', 'outcome'],
  },
  dunlin_append_conflicts_total: {
    kind: 'counter',
    help: 'Appends that met a newer commit and were decided again.',
    labels: [],
  },
  dunlin_log_seq: { kind: 'gauge', help: 'Stream sequence up to which this process has folded the log.', labels: [] },
  dunlin_aggregates_quarantined: { kind: 'gauge', help: 'Aggregates of which commits are missing.', labels: [] },
  dunlin_http_requests_total: {
    kind: 'counter',
    help: 'HTTP requests by route and status.',
    labels: ['route', 'status'],
  },
  dunlin_stream_clients: { kind: 'gauge', help: 'Open event streams.', labels: [] },
  dunlin_stream_events_total: { kind: 'counter', help: 'Events delivered to streams.', labels: [] },
  dunlin_stream_closed_slow_total: {
    kind: 'counter',
    help: 'Streams closed because the client read too slowly.',
    labels: [],
  },
  dunlin_heartbeats_total: { kind: 'counter', help: 'Heartbeats heard.', labels: [] },
  dunlin_heartbeats_refused_total: {
    kind: 'counter',
    help: 'Heartbeats that could not be read, or spoke for another node or grant; they change nothing.',
    labels: [],
  },
  dunlin_reports_without_effect_total: {
    kind: 'counter',
    help: 'Reports of executions that nobody granted, or no longer, and commits that the node did not sign, by kind.',
    labels: ['kind'],
  },
  dunlin_node_excess_total: {
    kind: 'counter',
    help: 'What nodes sent beyond what one node may, by kind; a log line once a minute names the nodes.',
    labels: ['kind'],
  },
  dunlin_evaluations_total: { kind: 'counter', help: 'Placement evaluations by trigger.', labels: ['trigger'] },
  dunlin_documents_written_total: { kind: 'counter', help: 'Desired documents written.', labels: [] },
  dunlin_grants_total: { kind: 'counter', help: 'Grants appended.', labels: [] },
  dunlin_verdicts_total: { kind: 'counter', help: 'Health verdicts appended.', labels: ['verdict'] },
  dunlin_ready: { kind: 'gauge', help: '1 when this process is ready, else 0.', labels: [] },
} as const satisfies Record<string, MetricEntry>

export interface MetricEntry {
  readonly kind: 'counter' | 'gauge'
  readonly help: string
  readonly labels: readonly string[]
}
export type MetricName = keyof typeof metricCatalogue
type LabelsOf<N extends MetricName> = { readonly [L in (typeof metricCatalogue)[N]['labels'][number]]: string }

export interface Metrics {
  /** Adds to a counter (1 by default). Counters never fall. */
  add<N extends MetricName>(name: N, labels: LabelsOf<N>, amount?: number): void
  /** Sets a gauge. */
  set<N extends MetricName>(name: N, labels: LabelsOf<N>, value: number): void
  /** A gauge that is asked for its value whenever metrics are read. */
  observe(name: MetricName, read: () => number): void
  /** Prometheus text exposition format 0.0.4. */
  text(): string
}

const escapeLabel = (value: string): string =>
  value
    .replaceAll('\\', '\\\\')
    .replaceAll('"', String.raw`\"`)
    .replaceAll('\n', String.raw`\n`)

const series = (name: MetricName, labels: Readonly<Record<string, string>>): string => {
  const pairs = metricCatalogue[name].labels.map((label: string) => `${label}="${escapeLabel(labels[label] ?? '')}"`)
  return pairs.length === 0 ? name : `${name}{${pairs.join(',')}}`
}

export const createMetrics = (): Metrics => {
  const values = new Map<MetricName, Map<string, number>>()
  const observers = new Map<MetricName, () => number>()
  const of = (name: MetricName): Map<string, number> => {
    const known = values.get(name)
    if (known) return known
    const fresh = new Map<string, number>()
    values.set(name, fresh)
    return fresh
  }
  return {
    add: (name, labels, amount = 1) => {
      const key = series(name, labels)
      const map = of(name)
      map.set(key, (map.get(key) ?? 0) + amount)
    },
    set: (name, labels, value) => void of(name).set(series(name, labels), value),
    observe: (name, read) => void observers.set(name, read),
    text: () => {
      for (const [name, read] of observers) of(name).set(name, read())
      const blocks = [...values].map(([name, map]) => {
        const { kind, help } = metricCatalogue[name]
        const lines = [...map].map(([key, value]) => `${key} ${value}`)
        return [`# HELP ${name} ${help}`, `# TYPE ${name} ${kind}`, ...lines].join('\n')
      })
      return blocks.length === 0 ? '' : `${blocks.join('\n')}\n`
    },
  }
}
