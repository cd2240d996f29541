/** In which order a drain takes jobs from a node, and what it leaves there. */
import { fc, test } from '@fast-check/vitest'
import { describe, expect, it } from 'vitest'
import { planDrain, type DrainedJob, type DrainPlan } from './drain.ts'

const NOW = 1_000
const job = (key: string, priority: number, more: Partial<DrainedJob> = {}): DrainedJob => ({
  key,
  priority,
  class: 'daemon',
  isPlaced: true,
  runs: true,
  isCurrent: true,
  hasEnded: false,
  ...more,
})
const plan = (jobs: readonly DrainedJob[], deadlineAt: number | undefined = NOW + 1): DrainPlan =>
  planDrain({ is: 'draining', since: 0, ...(deadlineAt === undefined ? {} : { deadlineAt }) }, jobs, NOW)
const turns = ({ steps }: DrainPlan): string => steps.map(({ key, turn }) => `${key} ${turn}`).join(', ')
const atOnce = (jobs: readonly DrainedJob[]): DrainPlan => planDrain({ is: 'draining', since: 0 }, jobs, NOW)

describe('a drain', () => {
  it('begins with the lowest priority', () => {
    const drain = plan([job('c', 90), job('a', 10), job('b', 10)])
    expect(turns(drain)).toBe('a stopping, b stopping, c waiting')
    expect([...drain.stays]).toEqual(['c'])
  })
  it('goes on when all of the lowest have stopped, not before, also when they lost their place already', () => {
    expect(turns(plan([job('a', 10, { isPlaced: false }), job('c', 90)]))).toBe('a stopping, c waiting')
    expect(turns(plan([job('a', 10, { isPlaced: false, runs: false }), job('c', 90)]))).toBe('c stopping')
  })
  it('lets a batch job finish, and keeps those above it until then', () => {
    const drain = plan([job('batch', 10, { class: 'batch' }), job('shipper', 90)])
    expect(turns(drain)).toBe('batch finishing, shipper waiting')
    expect([...drain.stays]).toEqual(['batch', 'shipper'])
  })
  it('does not let a batch job begin anew', () =>
    expect(turns(plan([job('batch', 10, { class: 'batch', isCurrent: false })]))).toBe('batch stopping'))
  it('leaves a batch job where it has ended, so that it does not run again when the drain is over', () => {
    const ended = { class: 'batch', runs: false, hasEnded: true } as const
    expect(plan([job('a', 10, ended)])).toMatchObject({ isDone: true, stays: new Set(['a']) })
    expect([...plan([job('a', 10, { ...ended, isCurrent: false })]).stays]).toEqual([])
  })
  it('takes everything at its deadline, and at once when it has none', () => {
    const jobs = [job('batch', 10, { class: 'batch' }), job('b', 50), job('c', 90)]
    for (const drain of [plan(jobs, NOW), atOnce(jobs)]) {
      expect(turns(drain)).toBe('batch stopping, b stopping, c stopping')
      expect(drain.stays.size).toBe(0)
    }
  })
  it('lets nothing begin that does not run: what was placed and not granted goes at once', () =>
    expect([...plan([job('a', 90, { runs: false })]).stays]).toEqual([]))
})

const anyJob = fc.record({
  key: fc.string({ minLength: 1, maxLength: 3 }),
  priority: fc.integer({ min: 1, max: 4 }),
  class: fc.constantFrom('daemon' as const, 'batch' as const),
  isPlaced: fc.boolean(),
  runs: fc.boolean(),
  isCurrent: fc.boolean(),
  hasEnded: fc.boolean(),
})
const anyJobs = fc.uniqueArray(anyJob, { selector: ({ key }) => key, maxLength: 8 })

/** The scheduler unplaces who may not stay, and what was unplaced stops. */
const step = (jobs: readonly DrainedJob[], { stays }: DrainPlan): readonly DrainedJob[] =>
  jobs.map((one) => (stays.has(one.key) || !one.runs ? one : { ...one, isPlaced: false, runs: false }))

describe('whatever runs there, a drain', () => {
  test.prop([anyJobs])('never takes a higher one while a lower one runs that may still run', (jobs) => {
    const { steps } = plan(jobs)
    const left = steps.filter(({ turn }) => turn !== 'stopping')
    const taken = steps.filter(
      ({ turn, isPlaced, class: of, isCurrent }) => turn === 'stopping' && isPlaced && (of === 'daemon' || isCurrent),
    )
    const lowest = Math.min(...left.filter(({ turn }) => turn === 'waiting').map(({ priority }) => priority))
    for (const { priority } of taken) expect(priority).toBeLessThan(lowest)
  })
  test.prop([anyJobs])('comes to an end without its deadline unless a batch job goes on', (jobs) => {
    let now: readonly DrainedJob[] = jobs
    for (let turn = 0; turn < jobs.length + 1; turn += 1) now = step(now, plan(now))
    const end = plan(now)
    expect(end.isDone || end.steps.some(({ turn }) => turn === 'finishing')).toBe(true)
  })
  test.prop([anyJobs])('leaves nothing running after its deadline', (jobs) => {
    expect(plan(step(jobs, atOnce(jobs)), NOW).isDone).toBe(true)
  })
  test.prop([anyJobs])('says the same however often and in which order it is asked', (jobs) => {
    expect(plan(jobs.toReversed())).toEqual(plan(jobs))
  })
})
