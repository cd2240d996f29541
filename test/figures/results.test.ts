/** What is published: portions that were measured apart make one page, and nothing on it is better than it was measured. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { figure } from '../bench/figure.ts'
import { sources } from './catalogue.ts'
import { createContext } from './context.ts'
import type { FigureSource, Plot } from './figure.ts'
import { engineFigures } from './figures/engine.ts'
import { mutantsKilled } from './figures/mutants-killed.ts'
import { seedsSimulated } from './figures/seeds-simulated.ts'
import { measurePortion } from './portion.ts'
import { publish } from './publish.ts'
import { merged, type Portion } from './results.ts'

const FIRST = 'a'.repeat(40)
const SECOND = 'b'.repeat(40)
const NAMES = ['growth', 'seeds', 'mutants']

interface How {
  /** HEAD, each time that somebody looks; the last one stays. */
  readonly commits?: readonly string[]
  /** What notices the unchanged code. */
  readonly noticed?: string
  readonly quick?: boolean
  readonly seeds?: number
}

/** One source, measured at a commit, with a command that tells `told`. */
const measured = (source: FigureSource, told: unknown, how: How = {}) => {
  const { commits = [FIRST], noticed, quick = false, seeds = 20_000 } = how
  const left = [...commits]
  const present = () => ({ id: left.length > 1 ? (left.shift() ?? '') : (left[0] ?? ''), dirty: false })
  const controls: number[] = []
  const asked: (readonly [string, readonly string[]])[] = []
  const context = createContext({
    commit: 'of the start',
    rollouts: 1,
    seeds,
    quick,
    pool: { measure: async () => [], stop: async () => {} },
    child: async (command, args) => {
      asked.push([command, args])
      return told
    },
    unchanged: async (first) => {
      controls.push(first)
      return noticed
    },
    say: () => {},
  })
  const started = { id: 'of the start', dirty: false }
  return measurePortion(source, context, { started, present, options: [] }).then((one) => ({ ...one, asked, controls }))
}

const growth = engineFigures.find(({ name }) => name === 'growth') as FigureSource
const growthTold = (value: number) => ({
  figures: [figure('growth', value, 'dearest/cheapest', { atMost: 1.2 }, 'so')],
})
const seedsTold = (failed: readonly unknown[], seeds = 20_000) => ({
  seeds,
  commits: 1234,
  simulatedHours: 5.4,
  failed,
})
const hunted = (name: string, killedBy?: string) => ({ mutant: { name, tracker: `of ${name}` }, seconds: 1, killedBy })

describe('a published page', () => {
  let folder: URL
  beforeEach(() => void (folder = pathToFileURL(`${mkdtempSync(join(tmpdir(), 'dunlin-figures-'))}/`)))
  afterEach(() => rmSync(folder, { recursive: true }))
  const put = async (one: Awaited<ReturnType<typeof measured>>, name: string, plots: readonly Plot[] = []) => {
    publish(folder, name, { ...one.portion, plots: plots.map(({ file, alt }) => ({ file, alt })) }, plots, NAMES)
    const page = readFileSync(new URL('figures.md', folder), 'utf8')
    return {
      page,
      rowOf: (figureName: string) => page.split('\n').find((line) => line.startsWith(`| \`${figureName}\``)),
    }
  }

  it('is drawn from two portions of two commits, each row with its own', async () => {
    const alone = await put(await measured(seedsSimulated, seedsTold([])), 'seeds')
    expect(alone.page).toContain('Not measured yet: `growth`, `mutants`.')
    const { page, rowOf } = await put(await measured(growth, growthTold(1.1), { commits: [SECOND] }), 'growth')
    expect(rowOf('seeds')).toMatch(
      /0 of 20,000 seeds.*\| met +\|.*--only seeds`.*\| 20,000 seeds +\| .* of \d+ +\| `a{12}` +\|/,
    )
    expect(rowOf('growth')).toMatch(/<= 1.2 .*1.1 dearest.*\| met +\|.*--only growth`.*100,000 nodes.*`b{12}` +\|/)
    expect(page).toContain('Not measured yet: `mutants`.')
    // The order of the catalogue, not that of measuring.
    expect(page.indexOf('| `growth`')).toBeLessThan(page.indexOf('| `seeds`'))
  })

  it('has one row of a figure that was measured again, and the others as they were', async () => {
    const before = await put(await measured(seedsSimulated, seedsTold([])), 'seeds')
    await put(await measured(growth, growthTold(1.1)), 'growth')
    const { page, rowOf } = await put(await measured(growth, growthTold(1.15), { commits: [SECOND] }), 'growth')
    expect(page.match(/^\| `growth`/gm)).toHaveLength(1)
    expect(rowOf('growth')).toContain('1.15 dearest')
    const cells = (row = '') => row.split('|').map((text) => text.trim())
    expect(cells(rowOf('seeds'))).toEqual(cells(before.rowOf('seeds')))
  })

  it('says that a goal is missed', async () => {
    const { rowOf } = await put(await measured(growth, growthTold(1.3)), 'growth')
    expect(rowOf('growth')).toMatch(/\| \*\*missed\*\* \|/)
    const failed = [{ seed: 77, broken: [{ law: 'S1' }] }]
    const { page, rowOf: row } = await put(await measured(seedsSimulated, seedsTold(failed)), 'seeds')
    expect(row('seeds')).toMatch(/1 of 20,000 seeds break an invariant +\| \*\*missed\*\* \|/)
    expect(page).toContain('broken: 77 (S1)')
  })

  it('does not call a goal met that was measured on less than it is stated for', async () => {
    const few = await put(await measured(seedsSimulated, seedsTold([], 3), { seeds: 3 }), 'seeds')
    expect(few.rowOf('seeds')).toMatch(/0 of 3 seeds break an invariant +\| too small to tell +\|/)
    const quick = await put(await measured(growth, growthTold(1), { quick: true }), 'growth')
    expect(quick.rowOf('growth')).toMatch(/\| too small to tell +\|/)
    const one = await put(await measured(mutantsKilled, [hunted('one', 'seed 3')]), 'mutants')
    expect(one.rowOf('mutants')).toMatch(/0 of 1 mutants alive +\| too small to tell +\|/)
  })

  it('names every mutant and its fate', async () => {
    const told = [hunted('one'), hunted('two', 'seed 3')]
    const { page, rowOf } = await put(await measured(mutantsKilled, told), 'mutants')
    expect(rowOf('mutants')).toMatch(/1 of 2 mutants alive +\| \*\*missed\*\* \|/)
    expect(page).toMatch(/\| one +\| of one +\| \*\*alive\*\* +\|/)
    expect(page).toMatch(/\| two +\| of two +\| killed by seed 3 +\|/)
  })

  it('keeps the plots of other portions', async () => {
    const plot = { file: 'one.svg', svg: '<svg/>', alt: 'one' }
    await put(await measured(growth, growthTold(1)), 'growth', [plot])
    const { page } = await put(await measured(seedsSimulated, seedsTold([])), 'seeds')
    expect(page).toContain('![one](figures/one.svg)')
    expect(readFileSync(new URL('figures/one.svg', folder), 'utf8')).toBe(plot.svg)
  })
})

describe('a portion that another command measures', () => {
  it('is asked for as a person would', async () => {
    expect((await measured(growth, growthTold(1))).asked).toEqual([['test/bench/main.ts', ['--only', 'growth']]])
    const { asked, portion } = await measured(seedsSimulated, seedsTold([]))
    const [[command, args] = []] = asked
    expect(command).toBe('test/simulation/main.ts')
    // The seeds derive from the commit that the child loads, and all of them have 32 bits.
    expect(args).toEqual(['--seeds', '20000', '--from', String(portion.figures[0]?.detail.match(/^seeds (\d+)/)?.[1])])
    const other = await measured(seedsSimulated, seedsTold([]), { commits: [SECOND] })
    expect(other.asked[0]?.[1]).not.toEqual(args)
    expect(Number(args?.[3])).toBeLessThanOrEqual(2 ** 31)
  })

  it('is of no commit when somebody commits meanwhile', async () => {
    expect((await measured(growth, growthTold(1))).portion.commit).toEqual({ id: FIRST, dirty: false })
    expect((await measured(growth, growthTold(1), { commits: [FIRST, SECOND] })).portion.commit).toEqual({
      id: FIRST,
      dirty: true,
    })
  })

  it('believes a kill only when the same stories and seeds find nothing in unchanged code', async () => {
    const told = [hunted('one', 'story x'), hunted('two', 'seed 12'), hunted('three', 'seed 3')]
    expect((await measured(mutantsKilled, told)).controls).toEqual([12])
    await expect(measured(mutantsKilled, told, { noticed: 'story x' })).rejects.toThrow('killed by story x')
  })

  it('is not published when it was not measured', async () => {
    await expect(measured(growth, { figures: [] })).rejects.toThrow('could not measure growth')
    await expect(measured(seedsSimulated, seedsTold([], 2))).rejects.toThrow('2 of 20000 seeds')
  })
})

it('drops what the catalogue does not have any more', () => {
  const portion = {} as Portion
  expect(Object.keys(merged({ gone: portion, seeds: portion }, { growth: portion }, NAMES))).toEqual([
    'growth',
    'seeds',
  ])
})

it('has every figure that is promised', () => {
  const promised =
    'touched_all_broken halted_10pc false_halts rollback_wrong healthy_time decision_10k decision_10k_cpu heartbeats_100k ' +
    'heartbeats_100k_wave plan_100k growth seeds mutants'
  expect(sources.map(({ name }) => name)).toEqual(expect.arrayContaining(promised.split(' ')))
})
