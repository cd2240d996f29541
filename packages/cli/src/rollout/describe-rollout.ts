/** A rollout in a line, and as a tree of waves and nodes with its evidence, holds and timers. */
import type { RolloutDetailView, RolloutNodeView, RolloutView } from '@dunlin/contracts'
import type { Io } from '../io.ts'
import { paintState } from '../output/state.ts'
import { printable, table } from '../output/table.ts'

export interface RolloutPicture {
  readonly rollout: RolloutDetailView
  /** The nodes worth showing: those that are open, failed or lost. */
  readonly nodes: readonly RolloutNodeView[]
  /** How many more of them there are. */
  readonly more: number
}

export const nodesText = (count: number): string => (count === 1 ? '1 node' : `${count} nodes`)

type Counts = Pick<RolloutDetailView['joiners'], 'open' | 'healthy' | 'failed' | 'lost' | 'deferred' | 'removed'>

const words = ['healthy', 'open', 'failed', 'lost', 'deferred', 'removed'] as const
export const countsText = (counts: Counts): string => {
  const text = words.filter((word) => counts[word] > 0).map((word) => `${counts[word]} ${word}`)
  return text.length === 0 ? 'none begun' : text.join(', ')
}

const number = (value: number): string =>
  value >= 1e6 ? value.toExponential(1) : String(Number(value.toFixed(value < 10 ? 2 : 1)))

export const evidenceText = ({ evidence }: Pick<RolloutDetailView, 'evidence'>): string | undefined => {
  if (evidence === undefined) return undefined
  const { settled, failed, excluded, max_e: maxE, halt_at: haltAt } = evidence
  const share =
    settled === 0 ? '' : ` (${number((100 * failed) / settled)} %, limit ${evidence.max_failed_nodes_percent} %)`
  const test =
    maxE === undefined || haltAt === undefined ? 'no analysis' : `evidence ${number(maxE)} of ${number(haltAt)}`
  const without = excluded === 0 ? '' : `; ${excluded} were unhealthy before and do not count`
  return `${failed} of ${settled} settled failed${share}, ${test}${without}`
}

/** With what went wrong on the nodes, which is what people can mend. */
export const haltText = ({ message, cause }: NonNullable<RolloutView['halted']>): string => {
  if (cause === undefined) return message
  const hint = cause.hint === undefined ? '' : ` ${cause.hint}`
  return `${message}; cause on ${nodesText(cause.nodes)}: ${cause.code}: ${cause.message}${hint}`
}

/** Everything of a rollout that can change, in one line; nothing that changes by time alone. */
export const rolloutLine = (rollout: RolloutDetailView): string => {
  const { type, version, phase, wave = 0, waves, counts, holds = [], halted } = rollout
  const parts = [
    `${type} to version ${version}`,
    phase,
    ...(waves.length > 0 ? [`wave ${Math.min(wave, waves.length)} of ${waves.length}`] : []),
    `${countsText(counts)} of ${counts.targets}`,
    ...(phase === 'running' ? [evidenceText(rollout) ?? ''] : []),
    ...holds.map(({ hold, message }) => `held (${hold}): ${message}`),
    ...(phase === 'halted' && halted !== undefined ? [`${halted.reason}: ${haltText(halted)}`] : []),
  ]
  return printable(parts.filter((part) => part !== '').join('; '))
}

export const rolloutTree = (io: Io, { rollout, nodes, more }: RolloutPicture, nowMs: number): string => {
  const { namespace, name, type, version, phase, id, policy, budget = 0, at_risk: atRisk = 0 } = rollout
  const head = `${io.style('bold', printable(`${namespace}/${name}`))}  ${type} to version ${version}  ${paintState(io, phase)}  ${io.style('dim', id)}\n`
  const size = `${policy.max_parallel.unit === 'percent' ? `${policy.max_parallel.value} %` : nodesText(policy.max_parallel.value)} at once`
  const ramp = rollout.ramp === undefined ? '' : `, at most ${rollout.ramp.may_be_open} until as many have settled`
  const facts: (readonly [string, string])[] = [
    ['strategy', `${policy.strategy}, ${size}${ramp}`],
    ['budget', `${atRisk} of ${nodesText(budget)} at risk`],
    ['evidence', evidenceText(rollout) ?? '-'],
    ...(rollout.holds ?? []).map(
      ({ hold, by, since, message }) =>
        ['held', `${hold}, for ${span(nowMs - Date.parse(since))} by ${by}: ${message}`] as const,
    ),
    ...(rollout.halted === undefined
      ? []
      : ([['halted', `${rollout.halted.reason}: ${haltText(rollout.halted)}`]] as const)),
    ...rollout.waits_for.map(
      ({ message, until }) => ['waits for', `${message}${until === undefined ? '' : remaining(until, nowMs)}`] as const,
    ),
    ...fallbackFacts(rollout),
  ]
  return [
    head,
    indent(table(factColumns(io), facts, { headers: false })),
    '\n',
    waveLines(io, rollout, nodes, nowMs),
    ...(more > 0 ? [io.style('dim', `      ${more} more open or failed\n`)] : []),
  ].join('')
}

/** What happens by itself when it fails, while that can still happen. */
const fallbackFacts = ({
  fallback,
  policy,
  type,
  phase,
}: RolloutDetailView): readonly (readonly [string, string])[] => {
  if (fallback === undefined || !['planning', 'running', 'halted'].includes(phase)) return []
  const byItself = phase !== 'halted' && policy.auto_rollback && (type === 'create' || type === 'update')
  return [
    [
      byItself ? 'if it halts' : 'rollback',
      `${byItself ? 'rolls back by itself' : 'possible'} to version ${fallback.version}`,
    ],
  ]
}

const factColumns = (io: Io) => [
  { head: '', cell: (row: readonly [string, string]) => row[0], paint: (text: string) => io.style('dim', text) },
  { head: '', cell: (row: readonly [string, string]) => row[1] },
]

const indent = (text: string, by = '  '): string => text.replaceAll(/^(?=.)/gm, by)

const waveLines = (io: Io, rollout: RolloutDetailView, nodes: readonly RolloutNodeView[], nowMs: number): string => {
  const ofWave = (wave: number | undefined): string => {
    const own = nodes.filter((node) => node.wave === wave)
    return own.length === 0 ? '' : indent(table(nodeColumns(io, nowMs), own, { headers: false }), '      ')
  }
  const { joiners } = rollout
  const lines = rollout.waves.map((wave) => {
    const { state, targets } = wave
    const mark = { passed: io.style('green', 'v'), running: io.style('yellow', '>'), waiting: io.style('dim', '.') }[
      state
    ]
    const title = `wave ${wave.wave}${wave.canary ? ' (canary)' : ''}`.padEnd(16)
    const counts =
      state === 'waiting'
        ? io.style('dim', `${targets} waiting`)
        : `${wave.healthy}/${targets}  ${countsText(wave)}${rateOf(wave)}`
    return `  ${mark} ${title} ${counts}\n${ofWave(wave.wave)}`
  })
  const joined =
    joiners.targets === 0
      ? ''
      : `  + ${'joined later'.padEnd(16)} ${joiners.healthy}/${joiners.targets}  ${countsText(joiners)}\n`
  return lines.join('') + joined + (joiners.targets === 0 ? '' : ofWave(undefined))
}

const rateOf = ({ error_rate: rate }: { error_rate?: number | undefined }): string =>
  rate === undefined ? '' : `, ${number(100 * rate)} % errors`

const nodeColumns = (io: Io, nowMs: number) => [
  { head: '', cell: (node: RolloutNodeView) => node.node },
  { head: '', cell: (node: RolloutNodeView) => node.slot, paint: (text: string) => paintState(io, text) },
  { head: '', cell: (node: RolloutNodeView) => node.state ?? '-' },
  { head: '', cell: rateText },
  {
    head: '',
    cell: (node: RolloutNodeView) =>
      node.verdict?.reason ??
      (node.deadline_at === undefined ? '' : `deadline in ${span(Date.parse(node.deadline_at) - nowMs)}`),
  },
]

const rateText = ({ error_rate: rate, windows }: RolloutNodeView): string => {
  if (windows.length === 0) return ''
  const disturbed = windows.at(-1)?.disturbed
  const traffic = rate === undefined ? 'no messages' : `${number(100 * rate)} % errors`
  return `${traffic} in ${windows.length} windows${disturbed === undefined ? '' : `, ${disturbed.replace('_', ' ')}`}`
}

const remaining = (until: string, nowMs: number): string => {
  const ms = Date.parse(until) - nowMs
  return ms <= 0 ? ', due now' : `, for ${span(ms)} at most`
}

const two = (value: number): string => String(value).padStart(2, '0')

/** `12s`, `4m10s`, `3h05m`, `2d`. */
const span = (ms: number): string => {
  const seconds = Math.max(0, Math.round(ms / 1000))
  if (seconds < 60) return `${seconds}s`
  if (seconds < 3600) return `${Math.floor(seconds / 60)}m${two(seconds % 60)}s`
  if (seconds < 172_800) return `${Math.floor(seconds / 3600)}h${two(Math.floor(seconds / 60) % 60)}m`
  return `${Math.floor(seconds / 86_400)}d`
}
