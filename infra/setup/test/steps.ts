// What `npm test` runs, in this order. CI runs nothing else.

/** A check that passes or fails as a whole and counts as one. */
export interface StaticCheck {
  readonly kind: 'check'
  readonly name: string
  /** A program of node_modules/.bin and its arguments. */
  readonly command: readonly [string, ...string[]]
}

/** A project of vitest.config.ts, whose tests are counted one by one. */
export interface TestProject {
  readonly kind: 'project'
  readonly name: string
}

export type Step = StaticCheck | TestProject

export const steps: readonly Step[] = [
  { kind: 'check', name: 'format', command: ['oxfmt', '--check', '.'] },
  // Before lint: its type-aware rules read the declarations that this builds, and a fresh clone has none.
  { kind: 'check', name: 'types', command: ['tsc', '-b'] },
  { kind: 'check', name: 'lint', command: ['oxlint', '--type-aware', '--deny-warnings'] },
  { kind: 'check', name: 'deadcode', command: ['knip'] },
  { kind: 'project', name: 'unit' },
  { kind: 'project', name: 'int' },
  { kind: 'project', name: 'sim' },
  { kind: 'project', name: 'e2e' },
]
