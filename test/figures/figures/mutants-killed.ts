/** Bugs of other fleet managers, put in on purpose: whether each is noticed by a story or a seed. */
import { figure } from '../../bench/figure.ts'
import { mutants } from '../../simulation/mutants/catalogue.ts'
import type { Hunted } from '../../simulation/mutants/hunt.ts'
import { grouped, type Fate, type FigureSource } from '../figure.ts'

const QUICK = ['--only', 'Flagger', '--seeds', '1']

export const mutantsKilled: FigureSource = {
  name: 'mutants',
  inChild: true,
  run: async ({ quick, child }) => {
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
    const alive = fates.filter(({ killedBy }) => killedBy === undefined).map(({ name }) => name)
    const detail = `${grouped(fates.length - alive.length)} of ${grouped(fates.length)} killed${alive.length === 0 ? '' : `; alive: ${alive.join(', ')}`}`
    return {
      figures: [figure('mutants', alive.length, `of ${grouped(fates.length)} mutants alive`, { atMost: 0 }, detail)],
      size: `${grouped(fates.length)} of ${grouped(mutants.length)} mutants`,
      mutants: fates,
    }
  },
}
