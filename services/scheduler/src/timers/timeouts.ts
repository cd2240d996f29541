/** Ends jobs whose queue or total timeout has run out. Which jobs those are is asked of the state, here and in the decision. */
import { parseJobKeyText, serviceActor } from '@dunlin/contracts'
import { decideTimeout } from '@dunlin/domain'
import { jobSubject } from '@dunlin/nats'
import type { Work } from '../work.ts'

export const endOverdueJobs = async (work: Work): Promise<void> => {
  const due = work.fleet.timeouts.due(work.clock.nowMs())
  await Promise.all(due.map((key) => end(work, key)))
}

const end = async (work: Work, key: string): Promise<void> => {
  const at = work.clock.nowMs()
  const aggregate = work.fleet.fold.get('job', key)
  // One that cannot be decided about is looked at again when something is folded into it.
  if (aggregate === undefined || aggregate.condition.is !== 'ok') return work.fleet.timeouts.set(key, undefined)
  if (decideTimeout(aggregate.state, at).length === 0) return
  const done = await work.handler.handle({
    subject: jobSubject(parseJobKeyText(key)),
    kind: 'job',
    key,
    command: { id: `~timeout.${work.random.ulid(at)}`, by: serviceActor('scheduler'), at },
    decide: ({ state }) => {
      const events = decideTimeout(state, at)
      return { ok: true, commits: events.length === 0 ? [] : [events] }
    },
  })
  // Its instant stays: the next run tries again.
  if (!done.ok) work.failed('timeout', key, done.error, () => {})
}
