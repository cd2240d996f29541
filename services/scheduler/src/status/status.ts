/** The derived state of jobs: appended when it changes, at most once a second per job. */
import type { NodeId } from '@dunlin/contracts'
import { parseJobKeyText, serviceActor } from '@dunlin/contracts'
import { deriveJobState, isPresent, stateDiffers, statusFacts, type FleetReader, type Job } from '@dunlin/domain'
import { jobSubject } from '@dunlin/nats'
import type { Work } from '../work.ts'

export interface StatusKeeper {
  /** Works off the marks that are due; returns in how many ms the next one is, if any waits. */
  run(): Promise<number | undefined>
  clear(): void
}

export const createStatusKeeper = (work: Work, everyMs: number): StatusKeeper => {
  const lastAt = new Map<string, number>()

  const run = async (): Promise<number | undefined> => {
    const now = work.clock.monotonicMs()
    const { status } = work.fleet.marks
    const due: string[] = []
    let next: number | undefined
    for (const key of status) {
      const wait = (lastAt.get(key) ?? -Infinity) + everyMs - now
      if (wait <= 0) due.push(key)
      else next = Math.min(next ?? Infinity, wait)
    }
    for (const key of due) status.delete(key)
    await Promise.all(due.map((key) => derive(key, now)))
    return next
  }

  const derive = async (key: string, now: number): Promise<void> => {
    const at = work.clock.nowMs()
    const aggregate = work.fleet.fold.get('job', key)
    // Decided first on the folded state, so that a job whose state did not change costs no handler turn.
    if (aggregate === undefined || aggregate.condition.is !== 'ok' || changeOf(work, aggregate.state) === undefined)
      return
    lastAt.set(key, now)
    const done = await work.handler.handle({
      subject: jobSubject(parseJobKeyText(key)),
      kind: 'job',
      key,
      command: { id: `~state.${work.random.ulid(at)}`, by: serviceActor('scheduler'), at },
      decide: ({ state }) => {
        const change = changeOf(work, state)
        return { ok: true, commits: change === undefined ? [] : [[change]] }
      },
    })
    if (!done.ok) work.failed('state', key, done.error, () => work.fleet.marks.status.add(key))
  }

  return { run, clear: () => lastAt.clear() }
}

const changeOf = (work: Work, job: Job) => {
  if (!isPresent(job) || job.versions.lifecycle !== 'active') return undefined
  const derived = deriveJobState(job, statusFacts(job, readerOf(work)))
  return stateDiffers(job, derived) ? ({ type: 'JobStateChanged', ...derived } as const) : undefined
}

const readerOf = (work: Work): FleetReader => ({
  node: (id: NodeId) => work.fleet.fold.get('node', id)?.state,
  reports: (id: NodeId) => work.fleet.fold.get('report', id)?.state,
})
