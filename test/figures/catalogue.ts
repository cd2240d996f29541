/** Every figure, in the order of measuring. */
import type { FigureSource } from './figure.ts'
import { aaHalts } from './figures/aa-halts.ts'
import { engineFigures } from './figures/engine.ts'
import { falseCurve } from './figures/false-curve.ts'
import { falseHalts } from './figures/false-halts.ts'
import { halted10pc } from './figures/halted-10pc.ts'
import { healthyTime } from './figures/healthy-time.ts'
import { mutantsKilled } from './figures/mutants-killed.ts'
import { rollbackWrong } from './figures/rollback-wrong.ts'
import { sameDecisions } from './figures/same-decisions.ts'
import { seedsSimulated } from './figures/seeds-simulated.ts'
import { touchedAllBroken } from './figures/touched-all-broken.ts'
import { touchedCurve } from './figures/touched-curve.ts'

export const sources: readonly FigureSource[] = [
  sameDecisions,
  touchedAllBroken,
  halted10pc,
  falseHalts,
  aaHalts,
  rollbackWrong,
  healthyTime,
  touchedCurve,
  falseCurve,
  ...engineFigures,
  seedsSimulated,
  mutantsKilled,
]
