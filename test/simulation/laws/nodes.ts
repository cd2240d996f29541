/** Laws of nodes that people keep jobs away from, and of jobs that run into a time limit. */
import type { JobSubjectEvent } from '@dunlin/contracts'
import type { World } from '../world/world.ts'
import type { Sight } from './context.ts'
import type { JobEntry, Ledger } from './ledger.ts'
import type { Broken } from './names.ts'

type Fail = (law: Broken['law'], detail: string) => void

/** A placement may have been decided in the moment in which somebody cordoned the node: two subjects, no common order. */
const AT_ONCE_MS = 1_000

export const checkPlaced = (
  { ledger, job, commit, isLate, fail }: Sight,
  event: Extract<JobSubjectEvent, { type: 'PlacementCompleted' }>,
): void => {
  if (isLate) return
  for (const { add } of job.changes.get(event.evaluation) ?? [])
    for (const id of add) {
      const node = ledger.nodes.get(id)
      if (node === undefined || node.scheduling === 'open' || commit.at - node.scheduledAt < AT_ONCE_MS) continue
      fail('N1', `${id} is ${node.scheduling} and newly placed`)
    }
}

/** Stopping, and telling of it, and the tick of the scheduler. */
const STOPS_WITHIN_MS = 30_000

/** Of nodes that can hear what they shall do. */
export const checkDrained = (world: World, ledger: Ledger, fail: Fail): void => {
  const now = world.clock.nowMs()
  for (const node of world.agents.nodes.values()) {
    const entry = ledger.nodes.get(node.id)
    if (entry?.scheduling !== 'draining' || !entry.connected || node.silent) continue
    // An instant may lie before the order itself when the clock was set back since.
    if (
      now - Math.max(entry.deadlineAt, entry.scheduledAt) < STOPS_WITHIN_MS ||
      now - entry.connectedAt < STOPS_WITHIN_MS
    )
      continue
    for (const { entry: of, state, started } of node.executions.values())
      if (started && (state === 'running' || state === 'starting'))
        fail('N2', `${node.id} runs ${of.execution} of ${of.job.name} although it is drained`)
  }
}

/** Of "1h2m3s"; scenarios have whole seconds. */
const secondsIn = (text: string): number => {
  const [, h = '0', m = '0', s = '0'] = /^(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?$/.exec(text) ?? []
  return 3600 * Number(h) + 60 * Number(m) + Number(s)
}

const limitOf = (job: JobEntry, which: 'queue' | 'total'): number | undefined => {
  const seconds = secondsIn(job.timeouts[`${which}_timeout`] ?? '')
  const from = which === 'total' ? job.versionAt : job.queuedAt
  return seconds === 0 || from === undefined ? undefined : from + 1000 * seconds
}

export const checkTimedOut = (
  { job, commit, fail }: Sight,
  { timeout, version }: Extract<JobSubjectEvent, { type: 'JobTimedOut' }>,
): void => {
  if (job.lifecycle !== 'active') fail('T1', `a ${job.lifecycle} job timed out`)
  if (version !== job.version) fail('T1', `version ${version} timed out, ${job.version} is in force`)
  const due = limitOf(job, timeout)
  if (due === undefined) fail('T1', `there is no ${timeout} timeout`)
  else if (commit.at < due) fail('T1', `the ${timeout} timeout came ${due - commit.at} ms early`)
}

/** A scheduler that leads looks every second. */
const NOTICED_WITHIN_MS = 5_000

export const checkOverdue = (world: World, ledger: Ledger, fail: Fail): void => {
  for (const [key, job] of ledger.jobs) {
    if (job.lifecycle !== 'active' || job.state === 'completed' || job.state === 'failed') continue
    for (const which of ['queue', 'total'] as const) {
      const due = limitOf(job, which)
      if (due !== undefined && world.clock.nowMs() - due > NOTICED_WITHIN_MS)
        fail('T1', `${key}: the ${which} timeout was ${world.clock.nowMs() - due} ms ago`)
    }
  }
}
