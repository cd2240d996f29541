/**
 * Commands as a service takes them: bytes, JSON.parse, a strict schema, the handler with the real folding of jobs, a
 * compare-and-set append. The decision is the smallest there is, because the figure is about the way, not the domain.
 */
import { jobKeyText, serviceActor } from '@dunlin/contracts'
import { foldings, isPresent, type Job } from '@dunlin/domain'
import { createCommandHandler, createFold, type Decision, type Log } from '@dunlin/eventstore'
import { jobSubject, parseLogSubject } from '@dunlin/nats'
import { sha256, systemClock } from '@dunlin/runtime'
import * as z from 'zod'
import { windowed } from '../measure/window.ts'
import { createdEvent, jobKey, stateEvent } from './commits.ts'

export const IN_FLIGHT = 512
const NAMESPACE = 'handled'
const BY = serviceActor('scheduler')
/** Commits of which the bodies are kept, so that the baseline publishes equal bytes. */
const SAMPLED = 4096

const commandSchema = z.strictObject({
  id: z.string(),
  at: z.int(),
  job: z.strictObject({ namespace: z.string(), name: z.string() }),
  state: z.enum(['deploying', 'running', 'degraded']),
  reason: z.string(),
  message: z.string(),
  details: z.strictObject({ healthy: z.int(), targets: z.int() }),
})

const commandBytes = (n: number, jobs: number, round: number): Buffer => {
  const { type: _, ...event } = stateEvent(n)
  const id = `~state.01J00${String(round + 100).padStart(5, '0')}${String(n).padStart(16, '0')}`
  return Buffer.from(JSON.stringify({ id, at: 1_700_000_000_000 + n, job: jobKey(NAMESPACE, n % jobs), ...event }))
}

export interface Handled {
  /** Makes the bytes of `count` commands, outside of what is measured. */
  readonly prepare: (count: number, round: number) => void
  /** Milliseconds for the commands that were prepared. */
  readonly run: () => Promise<number>
  /** Bodies that were appended by commands. */
  readonly samples: readonly Uint8Array[]
}

/** Creates the jobs, so that every aggregate is hot. */
export const createHandled = async (log: Log, jobs: number): Promise<Handled> => {
  const samples: Uint8Array[] = []
  let sampling = false
  const fold = createFold<{ job: Job }>({ route: parseLogSubject, kinds: { job: foldings.job } })
  const append: Log['append'] = (request) => {
    if (sampling && samples.length < SAMPLED) samples.push(request.data)
    return log.append(request)
  }
  const handler = createCommandHandler({ log: { ...log, append }, fold, sha256, clock: systemClock })

  const handle = async (
    key: { readonly namespace: string; readonly name: string },
    command: { readonly id: string; readonly at: number },
    decide: (job: Job) => Decision,
  ): Promise<void> => {
    const result = await handler.handle({
      kind: 'job',
      key: jobKeyText(key),
      subject: jobSubject(key),
      command: { id: command.id, at: command.at, by: BY },
      decide: ({ state }) => decide(state),
    })
    if (!result.ok) throw result.error
  }

  const take = (bytes: Buffer): Promise<void> => {
    const { job, id, at, ...event } = commandSchema.parse(JSON.parse(bytes.toString('utf8')))
    return handle(job, { id, at }, (state) => ({
      ok: true,
      commits: isPresent(state) ? [[{ type: 'JobStateChanged', ...event }]] : [],
    }))
  }

  await windowed(jobs, IN_FLIGHT, (n) =>
    handle(jobKey(NAMESPACE, n), { id: `create-${n}`, at: 1_700_000_000_000 }, () => ({
      ok: true,
      commits: [[createdEvent(n)]],
    })),
  )
  let commands: readonly Buffer[] = []
  return {
    samples,
    prepare: (count, round) => {
      commands = Array.from({ length: count }, (_, n) => commandBytes(n, jobs, round))
    },
    run: () => {
      sampling = true
      return windowed(commands.length, IN_FLIGHT, (n) => take(commands[n] as Buffer))
    },
  }
}
