/** What a figure of rollouts says: what a bench says, and what arithmetic says beside it. */
import { figure, type Figure, type Goal } from '../bench/figure.ts'
import type { Case, Measured } from './work/case.ts'
import type { RunChild } from './work/child.ts'
import type { HuntUnchanged } from './work/unchanged.ts'

export interface PublishedFigure extends Figure {
  /** The same quantity computed exactly, and what that computation assumes; where there is such a computation. */
  readonly exact?: string
}

export interface RolloutFigure extends PublishedFigure {
  readonly exact: string
}

/** A bug that was put in on purpose. */
export interface Fate {
  readonly name: string
  readonly tracker: string
  /** The story, seed, crash or time limit that noticed it; absent = it lives, or could not be put in (`detail` says so). */
  readonly killedBy?: string
  readonly detail?: string
}

export interface Plot {
  /** File name without folder, for example `touched.svg`. */
  readonly file: string
  readonly svg: string
  /** What it shows, in a sentence. */
  readonly alt: string
}

export interface Told {
  readonly figures: readonly PublishedFigure[]
  readonly plots?: readonly Plot[]
  /** How much was measured, where that is not counted in rollouts. */
  readonly size?: string
  readonly mutants?: readonly Fate[]
}

export interface FigureContext {
  /** How many rollouts the largest figure takes; the others take a share of it. */
  readonly rollouts: number
  /** How many seeds of the simulator. */
  readonly seeds: number
  /** Everything as small as it goes: shows that it runs. */
  readonly quick: boolean
  /** The commit that is measured: seeds derive from it. */
  readonly commit: string
  /** Measures a case on `count` seeds of its name; the same name and case are measured once. */
  readonly measure: (name: string, one: Case, count: number) => Promise<readonly Measured[]>
  /** Runs another command of the repository and gives what it wrote with `--json`. */
  readonly child: RunChild
  readonly unchanged: HuntUnchanged
  readonly say: (line: string) => void
}

export interface FigureSource {
  /** Its name, for `--only` and in the published results; the figures that come out of it may be more, or only a plot. */
  readonly name: string
  /** Another command measures, with the files as they are when it begins. */
  readonly inChild?: true
  readonly run: (context: FigureContext) => Promise<Told>
}

export const rolloutFigure = (
  name: string,
  value: number,
  unit: string,
  goal: Goal,
  said: { readonly detail: string; readonly exact: string },
): RolloutFigure => ({ ...figure(name, value, unit, goal, said.detail), exact: said.exact })

/** As measured on less than the goal is stated for: a goal that holds there has not been met by that. */
export const tooSmall = (one: PublishedFigure): PublishedFigure => ({ ...one, met: null })

/** The value below which a share `q` of them lies (nearest rank); NaN of nothing. */
export const quantile = (values: readonly number[], q: number): number => {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.max(0, Math.ceil(q * sorted.length) - 1))] ?? NaN
}

export const NODES = 1000

/** So many nodes of the usual fleet are broken by the release; the default policy. */
export const brokenOn = (nodes: number, more: Partial<Case> = {}): Case => ({
  fleet: 'light',
  nodes: NODES,
  population: { is: 'broken', nodes },
  rollout: {},
  ...more,
})

export const haltedOf = (measured: readonly Measured[]): Measured[] =>
  measured.filter(({ ended }) => ended === 'halted')

/** `4,000`. */
export const grouped = (n: number): string => n.toLocaleString('en-US')

/** `1.39 of 4,000`, `0.0021 of 40`: as many digits as say something. */
export const expected = (probability: number, of: number): string =>
  `${Number((probability * of).toPrecision(3))} of ${grouped(of)}`
