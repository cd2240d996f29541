/** Fills a log with commits as fast as the server takes them. */
import type { NatsConnection } from 'nats'
import { commitBody, subjectsOf } from './commits.ts'
import { publishByHand } from './hand-written.ts'

/** Appends the commits `from` (inclusive) to `to`, `jobs` jobs in turns. */
export const seedLog = async (nc: NatsConnection, jobs: number, from: number, to: number): Promise<void> => {
  const all = subjectsOf('seeded', jobs)
  const subjects = [...all.slice(from % jobs), ...all.slice(0, from % jobs)]
  await publishByHand(nc, {
    subjects,
    body: (n) => commitBody(from + n, jobs),
    count: to - from,
    inFlight: Math.min(512, jobs),
    checked: null,
  })
}
