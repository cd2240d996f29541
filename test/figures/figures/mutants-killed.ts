/**
 * Bugs of other fleet managers, put in on purpose: whether each is noticed by a story or a seed. What notices code without
 * a bug too has noticed nothing, so all stories and as many seeds as killed anything are told of the unchanged code as well.
 */
import { figure } from '../../bench/figure.ts'
import { mutants } from '../../simulation/mutants/catalogue.ts'
import type { Hunted } from '../../simulation/mutants/hunt.ts'
import { grouped, tooSmall, type Fate, type FigureSource } from '../figure.ts'

const QUICK = ['--only', 'Flagger', '--seeds', '1']

const seedThatKilled = ({ killedBy = '' }: Fate): number => Number(/^seed (\d+)$/.exec(killedBy)?.[1] ?? 0)

export const mutantsKilled: FigureSource = {
  name: 'mutants',
  inChild: true,
  run: async ({ quick, child, unchanged }) => {
    const hunted = (await child('test/simulation/mutants/main.ts', quick ? QUICK : [])) as readonly Hunted[]
    // They end in any order; the page has that of the catalogue.
    const at = new Map(mutants.map(({ name }, i) => [name, i]))
    const fates = hunted
      .map(({ mutant: { name, tracker }, killedBy, detail }): Fate => ({
        name,
        tracker,
        ...(killedBy === undefined ? {} : { killedBy }),
        ...(detail === undefined ? {} : { detail }),
      }))
      .toSorted((a, b) => (at.get(a.name) ?? 0) - (at.get(b.name) ?? 0))
    const seeds = Math.max(0, ...fates.map(seedThatKilled))
    const noticed = await unchanged(seeds)
    if (noticed !== undefined) throw new Error(`kills say nothing: code without a mutant is killed by ${noticed}`)
    const alive = fates.filter(({ killedBy }) => killedBy === undefined).map(({ name }) => name)
    const detail = `${grouped(fates.length - alive.length)} of ${grouped(fates.length)} killed${alive.length === 0 ? '' : `; alive: ${alive.join(', ')}`}; every story${seeds === 0 ? '' : ` and ${grouped(seeds)} seeds`} pass without a mutant`
    const unit = `of ${grouped(fates.length)} mutants alive`
    const measured = figure('mutants', alive.length, unit, { atMost: 0 }, detail)
    return {
      figures: [fates.length < mutants.length && alive.length === 0 ? tooSmall(measured) : measured],
      size: `${grouped(fates.length)} of ${grouped(mutants.length)} mutants`,
      mutants: fates,
    }
  },
}
