/** `docs/figures.md`: what was measured, from which commits, by which commands, beside what arithmetic says. */
import type { Fate, PublishedFigure } from './figure.ts'
import { DEFAULT_TEXT } from './policy.ts'
import type { Portion, Results } from './results.ts'
import type { MeasuredCommit } from './seeds.ts'

const verdict = ({ met, goal }: PublishedFigure): string => {
  if (goal === null) return ''
  if (met === null) return 'too small to tell'
  return met ? 'met' : '**missed**'
}

const SHORT = 12

const commitOf = ({ id, dirty }: MeasuredCommit): string => `\`${id.slice(0, SHORT)}\`${dirty ? ' + changes' : ''}`

const loadOf = ({ load: { before, after, cores } }: Portion): string => `${before}, ${after} of ${cores}`

/** A cell ends at a bar, whoever wrote it. */
const cell = (text: string): string => text.replaceAll('|', '\\|').replaceAll('\n', ' ')

/** A table whose columns are as wide as their widest cell. */
const aligned = (rows: readonly (readonly string[])[]): readonly string[] => {
  const cells = rows.map((row) => row.map(cell))
  const widths = (cells[0] ?? []).map((_, column) => Math.max(3, ...cells.map((row) => row[column]?.length ?? 0)))
  const line = (row: readonly string[]): string =>
    `| ${row.map((text, i) => text.padEnd(widths[i] ?? 0)).join(' | ')} |`
  const [head = [], ...body] = cells
  return [line(head), line(widths.map((width) => '-'.repeat(width))), ...body.map(line)]
}

const rowsOf = (portion: Portion): readonly (readonly string[])[] =>
  portion.figures.map((one) => [
    `\`${one.name}\``,
    one.goal ?? '',
    `${one.value} ${one.unit}`,
    verdict(one),
    one.exact ?? '',
    `\`${portion.command}\``,
    portion.size,
    loadOf(portion),
    commitOf(portion.commit),
  ])

const fateOf = ({ killedBy, detail }: Fate): string =>
  killedBy === undefined ? `**alive**${detail === undefined ? '' : `: ${detail}`}` : `killed by ${killedBy}`

const mutantsOf = ({ mutants }: Portion): readonly string[] =>
  mutants === undefined
    ? []
    : [
        '## Mutants',
        '',
        'Bugs of other trackers, and breaches of laws of our own, put into the code on purpose, one at a time.',
        '',
        ...aligned([['Bug', 'After', 'Fate'], ...mutants.map((one) => [one.name, one.tracker, fateOf(one)])]),
        '',
      ]

/** `names`: all that the catalogue has; the page says which of them it lacks. */
export const renderPage = (results: Results, names: readonly string[]): string => {
  const all = Object.values(results)
  const missing = names.filter((name) => results[name] === undefined).map((name) => `\`${name}\``)
  return [
    '# Figures of rollouts',
    '',
    '<!-- Written by `npm run figures`; do not edit. -->',
    '',
    'Each row was measured by its own command at its own commit; measured again, it replaces itself and nothing else. Load: the average',
    'of the last minute before and after, of so many cores; it matters where the figure is a time, and for nothing in simulated time.',
    ...(missing.length === 0 ? [] : ['', `Not measured yet: ${missing.join(', ')}.`]),
    '',
    ...aligned([
      ['Figure', 'Goal', 'Measured', '', 'Exact', 'Command', 'Size', 'Load', 'Commit'],
      ...all.flatMap(rowsOf),
    ]),
    '',
    'Figures of rollouts: the real engine on 1,000 nodes with one virtual clock, an update of a version that runs well (or a first',
    `version), under the default policy: ${DEFAULT_TEXT}.`,
    '',
    'Exact: computed, not simulated ([exact.ts](../packages/domain/src/rollout/analysis/exact.ts)): the rule of the engine on the batches',
    'of the ramp and the waves, each granted when the one before has settled, healthy nodes before failed ones. Not modelled: places',
    'that failed nodes keep in the budget, so that a wave comes in two parts.',
    '',
    'Figures of speed are those of [`npm run bench`](../test/bench/README.md), `seeds` those of `npm run sim`, `mutants` those of `npm run mutants`.',
    '',
    '## How they came about',
    '',
    ...all.flatMap(({ figures }) => figures.map(({ name, detail }) => `- \`${name}\`: ${detail}.`)),
    '',
    ...all.flatMap(({ plots, command, commit }) =>
      plots.flatMap(({ file, alt }) => [
        `![${alt}](figures/${file})`,
        '',
        `Drawn by \`${command}\` at ${commitOf(commit)}.`,
        '',
      ]),
    ),
    ...all.flatMap(mutantsOf),
    '## Seeds',
    '',
    'Nobody chose them: the n-th seed of a case is the first 32 bits of SHA-256 over "commit case n", from n = 0. A seed decides',
    'which nodes are broken or noisy, the order of the nodes, and every id. The seeds of the simulator follow one another; the first is',
    'one more than half of seed 0 of `seeds`. The first seeds of each case:',
    '',
    ...all.flatMap(({ seeds }) => Object.entries(seeds).map(([name, first]) => `- \`${name}\`: ${first.join(', ')}`)),
    '',
    'Whole commits: ' + [...new Set(all.map(({ commit }) => `\`${commit.id}\``))].join(', ') + '.',
    '',
    '## Two fleets',
    '',
    'Figures that need thousands of rollouts run on a light fleet: scheduler and agents are real until every node is connected,',
    'then a stand-in places jobs by the same rules, reports executions and sends the heartbeats in which their windows end.',
    '`same_decisions` runs the same seeds with the real scheduler and simulated agents and compares every decision of the engine.',
    '`rollback_wrong` and `healthy_time` run on the real parts alone.',
    '',
  ].join('\n')
}
