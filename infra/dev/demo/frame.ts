/** The table of a rollout, one row per node in the order of the plan, with the evidence of each verdict. */
import type { NodeRow, RolloutStory, Story } from './story.ts'
import { paint, type Colour } from './paint.ts'

const colours: Readonly<Record<NodeRow['progress'], Colour>> = {
  waiting: 'dim',
  granted: 'cyan',
  starting: 'cyan',
  validating: 'yellow',
  healthy: 'green',
  failed: 'red',
  deferred: 'dim',
}

export const frameOf = (story: Story, nowMs: number, columns: number): readonly string[] => {
  const { rollout, rows } = story
  if (rollout === undefined) return [paint('dim', '  no rollout yet')]
  const { policy } = rollout
  const judged = `window ${policy.health.intervalMs} ms, unhealthy above ${policy.health.maxErrorRate * 100} % errors`
  return [
    '',
    `  ${paint('bold', `version ${rollout.version}`)}  ${phase(rollout)}  wave ${Math.max(0, rollout.wave) + 1} of ${rollout.waves.length}  ${paint('dim', `${policy.strategy}, ${judged}`)}`,
    paint('dim', `  wave  node     state       after  runs  windows (failed / lines)`),
    ...[...rows.values()].map((row) => rowText(row, nowMs)),
    `  job   ${story.state ?? 'pending'}: ${story.message}`.slice(0, columns),
    '',
  ]
}

const phase = ({ phase, halted }: RolloutStory): string => {
  if (phase === 'halted') return paint('red', `HALTED (${halted?.reason ?? ''})`)
  return paint(phase === 'completed' ? 'green' : 'yellow', phase.toUpperCase())
}

const rowText = (row: NodeRow, nowMs: number): string => {
  const { grantedAt, settledAt = nowMs } = row
  const after = grantedAt === undefined ? '-' : `${(Math.max(0, settledAt - grantedAt) / 1000).toFixed(1)} s`
  const windows = row.evidence
    .map(({ n, in: total, failed, disturbed }) => `#${n} ${disturbed?.replaceAll('_', ' ') ?? `${failed}/${total}`}`)
    .join('  ')
  const state = paint(colours[row.progress], row.progress.padEnd(10))
  const runs = row.runs === undefined ? '-' : `v${row.runs}`
  return `  ${String(row.wave + 1).padStart(4)}  ${row.node.padEnd(7)}  ${state}  ${after.padStart(5)}  ${runs.padEnd(4)}  ${windows}`
}
