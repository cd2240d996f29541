/** Laws of replay, looked at once at the end of a history: a state that was stored and loaded goes on as if it never was. */
import type { JobSubjectEvent, Commit } from '@dunlin/contracts'
import { advanceRollout, foldings, type Job } from '@dunlin/domain'
import type { Recorded } from '@dunlin/eventstore'
import { readRecorded } from './ledger.ts'
import type { Broken } from './names.ts'
import { plainFacts } from './plain-facts.ts'

interface Line {
  readonly commit: Commit<JobSubjectEvent>
  readonly seq: number
}

const { job: folding } = foldings

const asText = (job: Job): string => JSON.stringify(folding.toJson(job))
const foldAll = (from: Job, lines: readonly Line[]): Job =>
  lines.reduce((job, { commit, seq }) => folding.applyCommit(job, commit, seq), from)

/** `cut` (0..1) chooses where a state is stored and loaded again, `upto` where the history is looked at. */
export const checkEnding = (log: readonly Recorded[], cut: number, upto: number): Broken[] => {
  const jobs = new Map<string, Line[]>()
  for (const recorded of log) {
    const read = readRecorded(recorded)
    if (read?.kind !== 'job') continue
    const lines = jobs.get(read.key) ?? []
    lines.push({ commit: read.commit, seq: read.seq })
    jobs.set(read.key, lines)
  }
  return [...jobs].flatMap(([key, lines]) => {
    const telling = lines.findLastIndex(({ commit }) => commit.ev.some(({ type }) => TELLING.has(type)))
    return [
      ...checkJob(key, lines.slice(0, Math.ceil(lines.length * upto)), cut),
      // Right after what only a state remembers for a while.
      ...(telling < 0 ? [] : checkJob(key, lines, (telling + 1) / lines.length)),
    ]
  })
}

const TELLING: ReadonlySet<string> = new Set(['GrantsRevoked', 'HoldPlaced', 'HoldLifted', 'RolloutResumed'])

const checkJob = (key: string, lines: readonly Line[], cut: number): Broken[] => {
  const at = Math.round(lines.length * cut)
  const whole = foldAll(folding.initial(), lines)
  const stored = asText(foldAll(folding.initial(), lines.slice(0, at)))
  const resumed = foldAll(folding.fromJson(JSON.parse(stored)), lines.slice(at))
  if (asText(whole) !== asText(resumed))
    return [{ law: 'E5', detail: `${key} differs after it was stored at ${at} of ${lines.length} commits` }]
  const [step, again] = [whole, resumed].map((job) => JSON.stringify(advanceRollout(job, plainFacts())))
  return step === again ? [] : [{ law: 'E3', detail: `${key} goes on differently after ${lines.length} commits` }]
}
