import type { EvaluationId, JobSubjectEvent, NodeId, Sha256 } from '@dunlin/contracts'
import { parseSelector } from '@dunlin/contracts'
import { describe, expect, it } from 'vitest'
import { evolveJob } from '../job/evolve.ts'
import { noJob } from '../job/state.ts'
import type { NodeFacts } from '../node/facts.ts'
import { whyNotEligible, type JobDemand } from './eligibility.ts'
import { evaluateNode, evaluatePlacement, PART_SIZE, recordPlacement } from './evaluate.ts'

const selector = (match_labels: Record<string, string>) => {
  const parsed = parseSelector({ match_labels })
  if (!parsed.ok) throw new Error('the selector of this test is wrong')
  return parsed.selector
}
const demand: JobDemand = { selector: selector({ env: 'production' }), type: 'process' }
const node = (id: string, more: Partial<NodeFacts> = {}): NodeFacts => ({
  id: id as NodeId,
  labels: { env: 'production' },
  drivers: ['process'],
  scheduling: 'open',
  removed: false,
  connected: true,
  ...more,
})
const hash = () => 'a'.repeat(64) as Sha256
const evaluation = { id: '01J00000000000000000000000' as EvaluationId, trigger: 'job_created' as const, version: 1 }
const context = { seq: 7, at: 1, by: 'service:test' }

describe('eligibility', () => {
  it('takes a node that matches', () => expect(whyNotEligible(demand, node('a'))).toBeUndefined())
  it('also one that is offline: whether it can be granted is the rollout’s question', () =>
    expect(whyNotEligible(demand, node('a', { connected: false }))).toBeUndefined())
  it.each([
    ['selector', { labels: { env: 'test' } }],
    ['drained', { scheduling: 'draining' }],
    ['cordoned', { scheduling: 'cordoned' }],
    ['capability', { drivers: ['pipeline'] }],
    ['removed', { removed: true }],
  ] as const)('says %s', (reason, more) => expect(whyNotEligible(demand, node('a', more))).toMatchObject({ reason }))
})

describe('what a job asks of a node', () => {
  const GiB = 1024 ** 3
  const asking = (resources: JobDemand['resources'], type = 'process'): JobDemand => ({ ...demand, type, resources })
  const small = node('a', { resources: { cpus: 2, memoryBytes: GiB, diskBytes: 10 * GiB } })
  it.each<[JobDemand['resources'], string | undefined]>([
    [{ cpus: 2, memory: GiB, disk: 10 * GiB, pids: 100 }, undefined],
    [{ cpus: 2.5 }, 'the node has 2 cpus, the job asks for 2.5'],
    [{ memory: GiB + 1 }, 'the node has 1.0 GiB of memory, the job asks for 1.0 GiB'],
    [{ disk: 11 * GiB }, 'the node has 10.0 GiB of disk, the job asks for 11.0 GiB'],
  ])('%j: %s', (resources, because) => {
    const why = whyNotEligible(asking(resources), small)
    expect(why).toEqual(because === undefined ? undefined : { reason: 'capacity', because })
  })
  it('fits where the node does not tell what it has', () => {
    expect(whyNotEligible(asking({ disk: 99 * GiB }), node('a', { resources: { cpus: 2, memoryBytes: GiB } }))).toBe(
      undefined,
    )
    expect(whyNotEligible(asking({ memory: 99 * GiB }), node('a'))).toBeUndefined()
  })
  it.each<[string, JobDemand['resources'], readonly string[] | undefined, boolean]>([
    ['process', { memory: 1 }, undefined, true],
    ['process', { memory: 1 }, [], false],
    ['process', { memory: 1 }, ['cgroup.memory'], true],
    ['process', { memory: 1, cpus: 1 }, ['cgroup.memory'], false],
    ['process', { pids: 9 }, ['cgroup.memory', 'cgroup.cpu', 'cgroup.pids'], true],
    ['process', { disk: 1 }, [], true],
    ['process', undefined, [], true],
    ['container', { memory: 1 }, [], true],
  ])('a node of whose limits a %s job with %j needs, with %j: %s', (type, resources, capabilities, fits) => {
    const why = whyNotEligible(asking(resources, type), node('a', { drivers: [type], capabilities }))
    expect(why?.reason).toBe(fits ? undefined : 'capability')
  })
})

describe('a node that is being drained', () => {
  const draining = node('a', { scheduling: 'draining', staying: new Set(['default/web']) })
  const web = { ...demand, key: 'default/web' }
  it('keeps by name who may stay, takes nobody, and gives up all others', () => {
    expect(evaluateNode(true, web, draining)).toBe('keep')
    expect(evaluateNode(false, web, draining)).toBe('keep')
    expect(evaluateNode(true, { ...demand, key: 'default/other' }, draining)).toBe('remove')
    expect(evaluateNode(true, demand, draining)).toBe('remove')
  })
})

describe('a job that has completed', () => {
  it('stays where it is, and is reopened by nobody', () => {
    const over = { ...demand, isCompleted: true }
    expect(whyNotEligible(over, node('a'))).toMatchObject({ reason: 'completed' })
    expect(whyNotEligible(over, node('a'), true)).toBeUndefined()
  })
})

describe('a cordon', () => {
  it('does not concern a job that is there already', () =>
    expect(whyNotEligible(demand, node('a', { scheduling: 'cordoned' }), true)).toBeUndefined())
})

describe('an evaluation', () => {
  it('gives the difference and the reasons, counted', () =>
    expect(
      evaluatePlacement(new Set(['a', 'gone'] as NodeId[]), demand, [
        node('a'),
        node('b'),
        node('c', { scheduling: 'draining' }),
      ]),
    ).toEqual({ add: ['b'], remove: ['gone'], count: 2, leftOut: { drained: 1 } }))
  it('of a stopped job removes it everywhere', () =>
    expect(evaluatePlacement(new Set(['a'] as NodeId[]), undefined, [node('a')])).toMatchObject({
      remove: ['a'],
      count: 0,
    }))
  it('of one node agrees with a whole one', () => {
    for (const facts of [node('a'), node('a', { scheduling: 'draining' }), node('a', { scheduling: 'cordoned' })])
      for (const placed of [true, false]) {
        const whole = evaluatePlacement(new Set(placed ? [facts.id] : []), demand, [facts])
        const change = evaluateNode(placed, demand, facts)
        expect(change).toBe(whole.add.length > 0 ? 'add' : whole.remove.length > 0 ? 'remove' : 'keep')
      }
  })
})

describe('recording', () => {
  const many = Array.from({ length: 2500 }, (_, i) => `n${i}` as NodeId)
  const commits = recordPlacement(noJob(), { add: many, remove: [], count: 2500, leftOut: {} }, evaluation, hash)

  it('goes in parts that fit a message, the last one with the end mark', () => {
    expect(commits.map((commit) => commit.map(({ type }) => type))).toEqual([
      ['PlacementChanged'],
      ['PlacementChanged'],
      ['PlacementChanged', 'PlacementCompleted'],
    ])
    expect(commits.flat().every((event) => event.type !== 'PlacementChanged' || event.add.length <= PART_SIZE)).toBe(
      true,
    )
  })
  it('takes effect at the end, not part by part', () => {
    const job = noJob()
    for (const event of commits.flat().slice(0, -1)) evolveJob(job, event, context)
    expect(job.placement.nodes.size).toBe(0)
    evolveJob(job, commits.flat().at(-1) as JobSubjectEvent, context)
    expect(job.placement.nodes.size).toBe(2500)
  })
  it('a new evaluation discards one that never ended', () => {
    const job = noJob()
    evolveJob(job, commits[0]?.[0] as JobSubjectEvent, context)
    const other = { ...evaluation, id: '01J00000000000000000000001' as EvaluationId }
    for (const event of recordPlacement(
      job,
      { add: ['x' as NodeId], remove: [], count: 1, leftOut: {} },
      other,
      hash,
    ).flat())
      evolveJob(job, event, context)
    expect([...job.placement.nodes]).toEqual(['x'])
  })
  it('writes nothing when nothing changed, but always answers the first evaluation of a version', () => {
    const job = noJob()
    const nothing = { add: [], remove: [], count: 0, leftOut: { selector: 3 } }
    const first = recordPlacement(job, nothing, evaluation, hash)
    expect(first).toMatchObject([[{ type: 'PlacementCompleted', count: 0, leftOut: { selector: 3 } }]])
    for (const event of first.flat()) evolveJob(job, event, context)
    expect(recordPlacement(job, nothing, evaluation, hash)).toEqual([])
  })
})
