/** What people do meanwhile: apply, stop, roll back, run again; and beside it a stream of applies of jobs that run nowhere. */
import { writeFileSync } from 'node:fs'
import { setTimeout as delay } from 'node:timers/promises'
import type { Dice } from '../random.ts'
import { createPerson, type Person, type SentCommand } from './commands.ts'
import { chaosJobs, isUpdate, managedFile, specOf, type ChaosJob, type UpdateTarget } from './jobs.ts'
import { agentUpdate, payloadUpdate, type AgentVersions, type Fate, type UpdatePlaces } from './updates.ts'

export interface Load {
  sent(): readonly SentCommand[]
  /** One thing that a person does, drawn by the dice. Returns what, for the story; the answer comes later. */
  act(dice: Dice): string
  /** A new version of the agent or of the payload, good or broken. Returns what, for the story. */
  update(target: UpdateTarget): string
  /** What became, or had to become, of what an update with this mark brings. */
  fateOf(mark: string): Fate | undefined
  /** Applies every job; agents stay what they are. */
  applyAll(): Promise<void>
  stopAll(): Promise<void>
  /** Runs a job again whose rollout was given up. */
  rerun(job: string): Promise<void>
  /** What people have asked has its answers; the stream goes on. */
  allAnswered(): Promise<void>
  unanswered(): readonly SentCommand[]
  /** Ends the stream, and what is still being sent. */
  end(): Promise<void>
}

/** It runs no batch: one that was completed elsewhere meanwhile does not begin when the node is back. */
const DRAINED_NODE = 'edge-2'
/** What updates bring, in turn: after each that is broken comes one that is good. */
const fatesOf: Readonly<Record<UpdateTarget, readonly Fate[]>> = {
  agent: ['good', 'unreachable', 'good', 'exits', 'good', 'dies', 'good', 'refused'],
  payload: ['good', 'good', 'exits'],
}
const BALLAST_JOBS = 8
const BALLAST_WRITERS = 4
const BALLAST_PAUSE_MS = 60
const ANSWERS_WITHIN_MS = 20_000

export interface LoadOptions {
  readonly urls: () => readonly string[]
  readonly places: UpdatePlaces
  readonly versions: AgentVersions
}

export const startLoad = ({ urls, places, versions }: LoadOptions): Load => {
  const { ledgerDir } = places
  const person = createPerson('person', urls)
  const stream = createPerson('stream', urls)
  const abort = new AbortController()
  let marks = 0
  const path = (job: string, verb: string): string => `/api/v1/jobs/default/${job}/${verb}`
  const fates = new Map<string, Fate>()
  const configOfUpdate = (target: UpdateTarget, mark: string) => {
    const one = { mark, fate: fates.get(mark) ?? 'good', n: marks }
    return target === 'agent' ? agentUpdate(versions, places, one) : payloadUpdate(places, one)
  }
  const apply = (job: ChaosJob, fate: Fate = 'good') => {
    const mark = `m-${job.name}-${++marks}`
    if (isUpdate(job)) fates.set(mark, fate)
    const spec = specOf(job, mark, ledgerDir, configOfUpdate)
    return { mark, answer: person.send(`apply ${mark}`, 'PUT', '/api/v1/jobs', spec) }
  }
  const dealt = { agent: 0, payload: 0 }
  const update = (target: UpdateTarget): string => {
    const job = chaosJobs.find(({ behaviour }) => behaviour === target)
    const fate = fatesOf[target][dealt[target]++ % fatesOf[target].length]
    if (job === undefined || fate === undefined) throw new Error(`no job brings the ${target}`)
    return `apply ${apply(job, fate).mark} (${fate})`
  }
  const targetOf = ({ behaviour }: ChaosJob): UpdateTarget => (behaviour === 'payload' ? 'payload' : 'agent')
  const ask = (job: string, verb: string) => person.send(`${verb} ${job}`, 'POST', path(job, verb), {})

  const flood = async (sender: Person, w: number): Promise<void> => {
    for (let n = 0; !abort.signal.aborted; n += 1) {
      const name = `ballast-${(w * 3 + n) % BALLAST_JOBS}`
      await sender.send(`apply ${name}`, 'PUT', '/api/v1/jobs', {
        name,
        type: 'process',
        config: { command: '/bin/true', args: [`${w}.${n}`] },
        selector: { match_labels: { nowhere: 'yes' } },
      })
      await delay(BALLAST_PAUSE_MS)
    }
  }
  const floods = Promise.all(Array.from({ length: BALLAST_WRITERS }, (_, w) => flood(stream, w)))

  return {
    sent: () => [...person.sent, ...stream.sent],
    act: (dice) => {
      if (dice.below(8) === 0) {
        const verb = dice.pick(['drain', 'uncordon', 'uncordon'] as const)
        void person.send(`${verb} ${DRAINED_NODE}`, 'POST', `/api/v1/nodes/${DRAINED_NODE}/${verb}`, {})
        return `${verb} ${DRAINED_NODE}`
      }
      if (dice.below(12) === 0) {
        writeFileSync(managedFile(ledgerDir), 'somebody was here\n')
        return 'somebody writes to the managed file'
      }
      const job = dice.pick(chaosJobs)
      const verb = dice.weighted([
        [6, 'apply'],
        [1, 'stop'],
        [2, 'rollback'],
        [2, 'rerun'],
      ] as const)
      if (verb === 'apply') return isUpdate(job) ? update(targetOf(job)) : `apply ${apply(job).mark}`
      void ask(job.name, verb)
      return `${verb} ${job.name}`
    },
    update,
    fateOf: (mark) => fates.get(mark),
    applyAll: async () => {
      const first = chaosJobs.filter(({ behaviour }) => behaviour !== 'agent')
      await Promise.all(first.map((job) => apply(job).answer))
    },
    stopAll: async () => void (await Promise.all(chaosJobs.map(({ name }) => ask(name, 'stop')))),
    rerun: async (job) => void (await ask(job, 'rerun')),
    allAnswered: () => person.allAnswered(),
    unanswered: () => person.sent.filter(({ said }) => said === 'unknown'),
    end: async () => {
      abort.abort()
      const late = setTimeout(() => {
        person.giveUp()
        stream.giveUp()
      }, ANSWERS_WITHIN_MS)
      await Promise.all([floods, person.allAnswered(), stream.allAnswered()])
      clearTimeout(late)
    },
  }
}
