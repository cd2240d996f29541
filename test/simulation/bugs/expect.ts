/** The few expectations that stories need, without a test runner: mutants run them too, in threads of their own. */
import assert from 'node:assert/strict'

export interface Expectation {
  toBe(expected: unknown): void
  toEqual(expected: unknown): void
  /** Members that `expected` does not name are not compared. */
  toMatchObject(expected: object): void
  toBeGreaterThan(limit: number): void
  toBeGreaterThanOrEqual(limit: number): void
  toBeLessThan(limit: number): void
  toBeLessThanOrEqual(limit: number): void
  toHaveLength(length: number): void
}

const compared = (actual: unknown, holds: (value: number) => boolean, what: string): void =>
  assert.ok(typeof actual === 'number' && holds(actual), `${String(actual)} is not ${what}`)

export const expect = (actual: unknown): Expectation => ({
  toBe: (expected) => assert.equal(actual, expected),
  toEqual: (expected) => assert.deepEqual(actual, expected),
  toMatchObject: (expected) => assert.partialDeepStrictEqual(actual, expected),
  toBeGreaterThan: (limit) => compared(actual, (value) => value > limit, `above ${limit}`),
  toBeGreaterThanOrEqual: (limit) => compared(actual, (value) => value >= limit, `${limit} or more`),
  toBeLessThan: (limit) => compared(actual, (value) => value < limit, `below ${limit}`),
  toBeLessThanOrEqual: (limit) => compared(actual, (value) => value <= limit, `${limit} or less`),
  toHaveLength: (length) => assert.equal((actual as { readonly length?: number }).length, length),
})
