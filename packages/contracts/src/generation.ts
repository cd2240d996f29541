/**
 * Generations are computed from the log, never counted: (epoch, stream sequence), compared in that order. An
 * execution's generation is its grant's commit, a desired document's the last commit that changed it.
 */
import * as z from 'zod/mini'

export const generationSchema = z.tuple([z.int().check(z.nonnegative()), z.int().check(z.nonnegative())])
/** `[epoch, sequence]` */
export type Generation = readonly [epoch: number, sequence: number]

export const NO_GENERATION: Generation = [0, 0]

/** Negative when `a` is older than `b`, 0 when equal, positive when newer. */
export const compareGenerations = (a: Generation, b: Generation): number => a[0] - b[0] || a[1] - b[1]
