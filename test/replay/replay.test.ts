/** Logs that released versions wrote, folded by today's code. A history is never edited; a new release adds one. */
import { eventSchemas, isUnreadable, readCommit } from '@dunlin/contracts'
import { foldings, isPresent } from '@dunlin/domain'
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
  (['job', 'node', 'report', 'log'] as const).flatMap((kind) => {
    const table = fold.table(kind)
    return [...table.keys()].sort().map((key) => {
      const { v, seq, condition, state } = table.get(key) ?? fold.initial(kind, '')
      // Each state belongs to the folding of its own kind.
      return [kind, key, v, seq, condition, foldings[kind].toJson(state as never)]
    })
  })

const histories = readHistories()

it('there is a history of every release', () => {
  expect(histories.map(({ name }) => name)).toContain('0.1.0/demo.jsonl')
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

describe('0.1.0/demo.jsonl tells the demo', () => {
  const { fold } = foldAll(histories.find(({ name }) => name === '0.1.0/demo.jsonl')?.commits ?? [])
  const job = fold.get('job', 'production/log-processor')?.state

  it('version 2 was halted on its first wave, and version 1 is what a rollback would take', () => {
    if (job === undefined || !isPresent(job)) throw new Error('the job is absent')
    expect(job.versions).toMatchObject({ version: 2, lifecycle: 'active', state: { type: 'rollout_failed' } })
    expect(job.placement.nodes.size).toBe(5)
    const { current, past, fallback, grants } = job.rollouts
    expect(current).toMatchObject({ version: 2, phase: 'halted', halted: { reason: 'budget_exhausted' } })
    expect(current?.counts).toEqual({ open: 0, healthy: 0, failed: 2, deferred: 0 })
    expect(past).toMatchObject([{ version: 1, phase: 'completed', counts: { healthy: 5 } }])
    expect(fallback?.version).toBe(1)
    const verdicts = [...grants.values()].map(({ version, verdict }) => `${version} ${verdict?.is}`).toSorted()
    expect(verdicts).toEqual(['1 healthy', '1 healthy', '1 healthy', '2 failed', '2 failed'])
  })

  it('five nodes were admitted and connected', () => {
    const table = fold.table('node')
    expect([...table.keys()].toSorted()).toEqual(['edge-1', 'edge-2', 'edge-3', 'edge-4', 'edge-5'])
    for (const key of table.keys())
      expect(table.get(key)?.state).toMatchObject({ admission: 'admitted', connection: { is: 'connected' } })
  })
})
