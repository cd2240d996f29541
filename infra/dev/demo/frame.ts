/** The table of a rollout, one row per node in the order of the plan, with the evidence of each verdict. */
import { touchedBy, type NodeRow, type RolloutStory } from './rollout-story.ts'
import { rolloutOf, type Story } from './story.ts'
import { paint, type Colour } from './paint.ts'

const colours: Readonly<Record<NodeRow['progress'], Colour>> = {
  waiting: 'dim',
  granted: 'cyan',
  starting: 'cyan',
  validating: 'yellow',
  healthy: 'green',
  failed: 'red',
  lost: 'red',
  deferred: 'dim',
}

/** `version`: whose rollout is shown. */
export const frameOf = (story: Story, version: number, nowMs: number, columns: number): readonly string[] => {
  const rollout = rolloutOf(story, version)
  if (rollout === undefined) return [paint('dim', `  no rollout of version ${version} yet`)]
  const { policy, rows } = rollout
  const judged = `window ${policy.health.intervalMs} ms, unhealthy above ${policy.health.maxErrorRate * 100} % errors`
  return [
    '',
    `  ${paint('bold', `version ${rollout.version}`)}  ${phase(rollout)}  wave ${Math.max(0, rollout.wave) + 1} of ${rollout.waves.length}  ${paint('dim', `${rollout.type}, ${policy.strategy}, ${judged}`)}`,
    `  ${evidence(rollout)}   touched ${touchedBy(rollout).length} of ${story.placed}   at risk ${story.atRisk.size}, at most ${rollout.budget}`,
    paint('dim', `  wave  node     state       after  runs  windows (failed / lines)`),
    ...[...rows.values()].map((row) => rowText(row, story.runs.get(row.node), nowMs)),
    `  job   ${story.state ?? 'pending'}: ${story.message}`.slice(0, columns),
    '',
  ]
}

const phase = ({ phase, halted, holds }: RolloutStory): string => {
  if (phase === 'halted') return paint('red', `HALTED (${halted?.reason ?? ''})`)
  if (holds.size > 0) return paint('yellow', `HELD (${[...holds.keys()].join(', ')})`)
  return paint(phase === 'completed' ? 'green' : 'yellow', phase.toUpperCase())
}

/** `2 of 2 failed: evidence 85.0, halts at 20` */
const evidence = ({ outcomes, policy: { analysis } }: RolloutStory): string => {
  const { failed, settled, maxE } = outcomes
  const counted = `${failed} of ${settled} failed`
  if (analysis === undefined) return counted
  const text = `${counted}: evidence ${maxE.toFixed(1)}, halts at ${analysis.haltAt}`
  return maxE >= analysis.haltAt ? paint('red', text) : text
}

const rowText = (row: NodeRow, runsVersion: number | undefined, nowMs: number): string => {
  const { grantedAt, settledAt = nowMs } = row
  const after = grantedAt === undefined ? '-' : `${(Math.max(0, settledAt - grantedAt) / 1000).toFixed(1)} s`
  const windows = row.evidence
    .map(({ n, in: total, failed, disturbed }) => `#${n} ${disturbed?.replaceAll('_', ' ') ?? `${failed}/${total}`}`)
    .join('  ')
  const state = paint(colours[row.progress], row.progress.padEnd(10))
  const runs = runsVersion === undefined ? '-' : `v${runsVersion}`
  return `  ${String(row.wave + 1).padStart(4)}  ${row.node.padEnd(7)}  ${state}  ${after.padStart(5)}  ${runs.padEnd(4)}  ${windows}`
}
