/** `docs/figures.md`: what was measured, from which commit, by which command, beside what arithmetic says. */
import type { Plot, RolloutFigure } from './figure.ts'
import type { MeasuredCommit } from './seeds.ts'

export interface Page {
  readonly commit: MeasuredCommit
  readonly command: string
  readonly rollouts: number
  readonly seeds: readonly (readonly [name: string, first: readonly number[]])[]
  readonly figures: readonly RolloutFigure[]
  readonly plots: readonly Plot[]
}

const verdict = ({ met }: RolloutFigure): string => (met === null ? '' : met ? 'met' : '**missed**')

/** A table whose columns are as wide as their widest cell. */
const aligned = (rows: readonly (readonly string[])[]): readonly string[] => {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(3, ...rows.map((row) => row[column]?.length ?? 0)))
  const line = (row: readonly string[]): string =>
    `| ${row.map((cell, i) => cell.padEnd(widths[i] ?? 0)).join(' | ')} |`
  const [head = [], ...body] = rows
  return [line(head), line(widths.map((width) => '-'.repeat(width))), ...body.map(line)]
}

export const renderPage = ({ commit, command, rollouts, seeds, figures, plots }: Page): string =>
  [
    '# Figures of rollouts',
    '',
    '<!-- Written by `npm run figures`; do not edit. -->',
    '',
    `Measured by \`${command}\` at commit \`${commit.id}\`${commit.dirty ? ', with changes that are not committed' : ''}.`,
    'The real rollout engine on 1,000 nodes with one virtual clock: an update of a version that runs well (or a first version), under',
    'the default policy. `--only NAME` measures one of them, `--rollouts N` fewer or more, `--json FILE` writes the numbers.',
    '',
    ...aligned([
      ['Figure', 'Goal', 'Measured', '', 'Exact'],
      ...figures.map((one) => [`\`${one.name}\``, one.goal ?? '', `${one.value} ${one.unit}`, verdict(one), one.exact]),
    ]),
    '',
    'Exact: computed, not simulated ([exact.ts](../packages/domain/src/rollout/analysis/exact.ts)): the rule of the engine on the batches',
    'of the ramp and the waves, each granted when the one before has settled, healthy nodes before failed ones. Not modelled: places',
    'that failed nodes keep in the budget, so that a wave comes in two parts.',
    '',
    '## How they came about',
    '',
    ...figures.map(({ name, detail }) => `- \`${name}\`: ${detail}.`),
    '',
    ...plots.flatMap(({ file, alt }) => [`![${alt}](figures/${file})`, '']),
    '## Seeds',
    '',
    'Nobody chose them: the n-th seed of a case is the first 32 bits of SHA-256 over "commit case n", from n = 0. A seed decides',
    `which nodes are broken or noisy, the order of the nodes, and every id. The largest cases take ${rollouts.toLocaleString('en-US')} of them; the first are:`,
    '',
    ...seeds.map(([name, first]) => `- \`${name}\`: ${first.join(', ')}`),
    '',
    '## Two fleets',
    '',
    'Figures that need thousands of rollouts run on a light fleet: scheduler and agents are real until every node is connected,',
    'then a stand-in places jobs by the same rules, reports executions and sends the heartbeats in which their windows end.',
    '`same_decisions` runs the same seeds with the real scheduler and simulated agents and compares every decision of the engine.',
    '`rollback_wrong` and `healthy_time` run on the real parts alone.',
    '',
  ].join('\n')
