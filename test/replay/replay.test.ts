/** Logs that released versions wrote, folded by today's code. A history is never edited; a new release adds one. */
import { eventSchemas, isUnreadable, readCommit, type JobSubjectEvent, type NodeId } from '@dunlin/contracts'
import { eValue, fallbackFrom, foldings, isPresent, type PresentJob } from '@dunlin/domain'
import { commitMessageId, createFold, type Recorded } from '@dunlin/eventstore'
import { parseLogSubject } from '@dunlin/nats'
import { sha256 } from '@dunlin/runtime'
import { describe, expect, it } from 'vitest'
import { readHistories, type History } from './histories.ts'

type Kinds = { readonly [K in keyof typeof foldings]: ReturnType<(typeof foldings)[K]['initial']> }

const newFold = () => createFold<Kinds>({ route: parseLogSubject, kinds: foldings })

const foldAll = (commits: readonly Recorded[]) => {
  const fold = newFold()
  const admissions = commits.map((commit) => fold.apply(commit))
  return { fold, admissions }
}

/** Everything that the fold holds, as snapshots would write it. */
const statesOf = (fold: ReturnType<typeof newFold>) =>
  (['job', 'node', 'token', 'report', 'log'] as const).flatMap((kind) => {
    const table = fold.table(kind)
    return [...table.keys()].sort().map((key) => {
      const { v, seq, condition, state } = table.get(key) ?? fold.initial(kind, '')
      // Each state belongs to the folding of its own kind.
      return [kind, key, v, seq, condition, foldings[kind].toJson(state as never)]
    })
  })

const histories = readHistories()

it('there is a history of every release', () => {
  const names = [
    '0.1.0/demo.jsonl',
    '0.2.0/commands.jsonl',
    '0.2.0/demo.jsonl',
    '0.2.0/silence.jsonl',
    '0.3.0/joining.jsonl',
    '0.3.0/nodes.jsonl',
  ]
  expect(histories.map(({ name }) => name)).toEqual(expect.arrayContaining(names))
})

describe.for(histories)('$name', ({ commits }: History) => {
  it('is a log: consecutive commits that today can read', () => {
    for (const [place, { seq, subject, data }] of commits.entries()) {
      const commit = readCommit(JSON.parse(new TextDecoder().decode(data)))
      if (isUnreadable(commit)) throw new Error(`#${seq}: ${commit.detail}`)
      expect(parseLogSubject(subject)).toBeDefined()
      expect(seq).toBeGreaterThan(commits[place - 1]?.seq ?? 0)
      for (const event of commit.ev) {
        const schema = eventSchemas.find(({ shape }) => shape.type.def.values[0] === event.type)
        expect({ seq, type: event.type, issues: schema?.safeParse(event).error?.issues }).toEqual({
          seq,
          type: event.type,
        })
      }
    }
  })

  it('every commit but those of nodes has the message id of its command', () => {
    const ids = commits.map(({ subject, data, msgId }) => {
      const { cmd } = JSON.parse(new TextDecoder().decode(data)) as { cmd: string }
      // A command of many commits counts them; here ten are enough.
      const known = Array.from({ length: 10 }, (_, n) => commitMessageId(sha256, subject, cmd, n))
      return msgId === undefined ? subject.startsWith('evt.report.') : known.includes(msgId)
    })
    expect(ids).not.toContain(false)
  })

  it('is admitted whole, and nothing is quarantined', () => {
    const { fold, admissions } = foldAll(commits)
    expect(new Set(admissions)).toEqual(new Set(['admitted']))
    expect(fold.troubled()).toEqual([])
    expect(fold.position?.seq).toBe(commits.at(-1)?.seq)
  })

  it('every prefix folds, and a state that is saved and loaded again is the same', () => {
    const { fold: whole } = foldAll(commits)
    const fold = newFold()
    for (const commit of commits) {
      fold.apply(commit)
      expect(fold.troubled()).toEqual([])
      const route = parseLogSubject(commit.subject)
      if (route === undefined) continue
      const { toJson, fromJson } = foldings[route.kind]
      const saved = JSON.stringify(toJson(fold.get(route.kind, route.key)?.state as never))
      expect(JSON.stringify(toJson(fromJson(JSON.parse(saved)) as never))).toBe(saved)
    }
    expect(statesOf(fold)).toEqual(statesOf(whole))
  })

  it('the subjects may be folded in any order', () => {
    const bySubject = [...Map.groupBy(commits, ({ subject }) => subject).values()].toReversed().flat()
    expect(statesOf(foldAll(bySubject).fold)).toEqual(statesOf(foldAll(commits).fold))
  })
})

/** The job of a history, at its end or when commit `upto` has been folded. */
const jobOf = (name: string, key: string, upto = Infinity): PresentJob => {
  const commits = histories.find((one) => one.name === name)?.commits ?? []
  const job = foldAll(commits.filter(({ seq }) => seq <= upto)).fold.get('job', key)?.state
  if (job === undefined || !isPresent(job)) throw new Error(`${key} is absent`)
  return job
}

const grantsOf = ({ rollouts }: PresentJob): readonly string[] =>
  [...rollouts.grants.values()].map(({ version, verdict }) => `${version} ${verdict?.is}`).toSorted()

describe('0.1.0/demo.jsonl tells the demo', () => {
  const job = jobOf('0.1.0/demo.jsonl', 'production/log-processor')

  it('version 2 was halted on its first wave, and version 1 is what a rollback would take', () => {
    expect(job.versions).toMatchObject({ version: 2, lifecycle: 'active', state: { type: 'rollout_failed' } })
    expect(job.placement.nodes.size).toBe(5)
    const { current, past } = job.rollouts
    expect(current).toMatchObject({ version: 2, phase: 'halted', halted: { reason: 'budget_exhausted' } })
    expect(current?.counts).toEqual({ open: 0, healthy: 0, failed: 2, lost: 0, deferred: 0, removed: 0 })
    expect(past).toMatchObject([{ version: 1, phase: 'completed', counts: { healthy: 5 } }])
    expect(fallbackFrom(job.rollouts, current?.content)?.version).toBe(1)
    expect(grantsOf(job)).toEqual(['1 healthy', '1 healthy', '1 healthy', '2 failed', '2 failed'])
  })

  it('what it never said means what it meant then: no test, its limit by number, a budget of one wave', () => {
    expect(job.rollouts.current?.policy).toMatchObject({ maxFailedNodes: 10 })
    expect(job.rollouts.current?.policy.analysis).toBeUndefined()
    expect(job.rollouts.current).toMatchObject({ budget: 2, unhealthy: 0, already: 0, holds: {} })
  })

  it('five nodes were admitted and connected', () => {
    const table = foldAll(histories.find(({ name }) => name === '0.1.0/demo.jsonl')?.commits ?? []).fold.table('node')
    expect([...table.keys()].toSorted()).toEqual(['edge-1', 'edge-2', 'edge-3', 'edge-4', 'edge-5'])
    for (const key of table.keys())
      expect(table.get(key)?.state).toMatchObject({ admission: 'admitted', connection: { is: 'connected' } })
  })
})

describe('0.2.0/demo.jsonl tells the demo', () => {
  it('version 2 was halted at its second node and rolled back on exactly these two', () => {
    const job = jobOf('0.2.0/demo.jsonl', 'production/log-processor')
    expect(job.versions).toMatchObject({ version: 3, lifecycle: 'active', state: { type: 'running' } })
    expect(job.versions.history.at(-1)).toMatchObject({ version: 3, rolledBackFrom: 2 })
    const { current, past } = job.rollouts
    expect(past).toMatchObject([
      { version: 1, type: 'create', phase: 'completed', counts: { healthy: 5 } },
      { version: 2, type: 'update', phase: 'halted', halted: { reason: 'analysis' }, counts: { failed: 2 } },
    ])
    expect(current).toMatchObject({ version: 3, type: 'rollback', phase: 'completed', counts: { healthy: 2 } })
    expect(grantsOf(job)).toEqual(['1 healthy', '1 healthy', '1 healthy', '3 healthy', '3 healthy'])
    expect(job.rollouts.atRisk.size).toBe(0)
  })
})

describe('0.2.0/commands.jsonl tells what a person did', () => {
  const key = 'default/sleeper'

  it('promoted, paused, revived, rolled back, run again, superseded, halted, rolled back to a named version, deleted', () => {
    const job = jobOf('0.2.0/commands.jsonl', key)
    expect(job.versions).toMatchObject({ version: 8, lifecycle: 'deleted' })
    const { current, past } = job.rollouts
    expect([...past, current].map((one) => `${one?.version} ${one?.type} ${one?.phase}`)).toEqual([
      '1 create completed',
      '2 update completed',
      '3 update superseded',
      '4 rollback completed',
      '5 restart completed',
      '6 update superseded',
      '7 update superseded',
      '8 rollback completed',
    ])
    expect(
      past.map(({ version, halted }) => [version, halted?.reason, halted?.by]).filter(([, reason]) => reason),
    ).toEqual([
      [3, 'analysis', 'service:rollout-engine'],
      [7, 'requested', 'user:ana'],
    ])
    expect(job.rollouts.proven.map(({ version }) => version)).toEqual([5, 8])
  })

  it('what a person revives has written its failed nodes off and begins its evidence anew', () => {
    const resumed = eventsOf('0.2.0/commands.jsonl', key).find(({ event }) => event.type === 'RolloutResumed')
    const job = jobOf('0.2.0/commands.jsonl', key, resumed?.seq)
    expect(job.rollouts.current).toMatchObject({
      phase: 'running',
      counts: { failed: 2 },
      evidence: { settled: 0, failed: 0, before: 2, maxE: 1 },
    })
    expect(job.rollouts.atRisk.size).toBe(0)
  })
})

describe('0.2.0/silence.jsonl tells what was not heard', () => {
  const name = '0.2.0/silence.jsonl'
  /** The job right after the commit with this event. */
  const after = (
    key: string,
    type: JobSubjectEvent['type'],
    also: (event: JobSubjectEvent) => boolean = () => true,
  ) => {
    const found = eventsOf(name, key).find(({ event }) => event.type === type && also(event))
    if (found === undefined) throw new Error(`no ${type} in ${key}`)
    return jobOf(name, key, found.seq)
  }
  const verdictBecause = (wanted: string) => (event: JobSubjectEvent) =>
    event.type === 'VerdictsReached' && event.verdicts.some(({ reason }) => reason === wanted)
  const silent = 'pier-1' as NodeId

  it('a grant that was not started is revoked at once, keeps its place until it is freed, and comes again', () => {
    const revoked = after('default/pier', 'GrantsRevoked').rollouts
    expect([revoked.grants.get(silent)?.version, revoked.atRisk.has(silent)]).toEqual([1, true])
    const freed = after('default/pier', 'PlacesFreed').rollouts
    expect([freed.grants.get(silent)?.version, freed.atRisk.size]).toEqual([1, 0])
    const stopped = eventsOf(name, 'default/pier').find(({ event }) => event.type === 'JobStopped')
    const { grants } = jobOf(name, 'default/pier', (stopped?.seq ?? 0) - 1).rollouts
    expect(grants.get(silent)).toMatchObject({ version: 2, verdict: { is: 'healthy' } })
  })

  it('a site that is silent as a whole holds the rollout, and nobody of it has failed', () => {
    const held = after('default/quay', 'HoldPlaced').rollouts.current
    expect(held).toMatchObject({ holds: { visibility: { reason: 'site_silent' } }, counts: { failed: 0, lost: 0 } })
    expect(after('default/quay', 'RolloutClosed').rollouts.current).toMatchObject({
      holds: {},
      phase: 'completed',
      counts: { healthy: 2, failed: 0, lost: 0 },
    })
  })

  it('a node that is silent after it started is lost, and free to recover; its failure stays evidence', () => {
    const lost = after('default/dock', 'VerdictsReached', verdictBecause('lost_after')).rollouts
    expect([lost.current?.counts.lost, lost.current?.evidence.failed]).toEqual([1, 1])
    const { current, atRisk } = after('default/dock', 'VerdictsReached', verdictBecause('recovered')).rollouts
    expect([current?.counts, current?.evidence.failed, atRisk.size]).toMatchObject([{ healthy: 3, lost: 0 }, 1, 0])
  })
})

const eventsOf = (name: string, key: string): readonly { seq: number; event: JobSubjectEvent }[] =>
  (histories.find((one) => one.name === name)?.commits ?? []).flatMap(({ seq, subject, data }) => {
    const route = parseLogSubject(subject)
    if (route?.kind !== 'job' || route.key !== key) return []
    const { ev } = JSON.parse(new TextDecoder().decode(data)) as { ev: readonly JobSubjectEvent[] }
    return ev.map((event) => ({ seq, event }))
  })

it.for([
  ['0.2.0/demo.jsonl', 'production/log-processor', 1],
  ['0.2.0/commands.jsonl', 'default/sleeper', 3],
] as const)('every halt of %s follows from the verdicts before it, computed again', ([name, key, halts]) => {
  let seen = 0
  for (const { seq, event } of eventsOf(name, key)) {
    if (event.type !== 'RolloutHalted') continue
    seen += 1
    const { current, atRisk } = jobOf(name, key, seq - 1).rollouts
    const { settled, failed, p0 = 1, e, maxE = 0, haltAt } = event.evidence ?? { settled: -1, failed: -1 }
    expect({ settled, failed, atRisk: event.evidence?.atRisk }).toEqual({
      settled: current?.evidence.settled,
      failed: current?.evidence.failed,
      atRisk: atRisk.size,
    })
    expect(e).toBeCloseTo(eValue({ settled, failed }, p0), 9)
    expect(event.reason === 'analysis').toBe(maxE >= (haltAt ?? Infinity))
  }
  expect(seen).toBe(halts)
})
