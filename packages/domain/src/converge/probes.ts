/**
 * What probes mean: answers in a row become passing or failing, and the three kinds together become one fitness. Pure;
 * the agent asks, and carries out what follows.
 */

export const probeKinds = ['startup', 'readiness', 'liveness'] as const
export type ProbeKind = (typeof probeKinds)[number]

export interface ProbeThresholds {
  /** Successes in a row that make it pass. */
  readonly success: number
  /** Failures in a row that make it fail. */
  readonly failure: number
}

export interface ProbeState {
  readonly is: 'pending' | 'passing' | 'failing'
  /** In a row, up to now; one of the two is 0. */
  readonly successes: number
  readonly failures: number
}

export const newProbe: ProbeState = { is: 'pending', successes: 0, failures: 0 }

export const afterAnswer = (state: ProbeState, ok: boolean, thresholds: ProbeThresholds): ProbeState => {
  const successes = ok ? state.successes + 1 : 0
  const failures = ok ? 0 : state.failures + 1
  if (successes >= thresholds.success) return { is: 'passing', successes, failures }
  if (failures >= thresholds.failure) return { is: 'failing', successes, failures }
  return { is: state.is, successes, failures }
}

/** Absent kinds were not asked for. */
export type ProbeStates = { readonly [Kind in ProbeKind]?: ProbeState }

/**
 * `starting`: startup has not passed, the other two are not asked yet. `unknown`: readiness has no result yet. Startup and
 * liveness that fail end the attempt; readiness that fails only says so.
 */
export type Fitness = 'starting' | 'unknown' | 'fit' | 'unready' | 'startup_failed' | 'liveness_failed'

export const fitnessOf = ({ startup, readiness, liveness }: ProbeStates): Fitness => {
  if (startup?.is === 'failing') return 'startup_failed'
  if (startup?.is === 'pending') return 'starting'
  if (liveness?.is === 'failing') return 'liveness_failed'
  if (readiness?.is === 'failing') return 'unready'
  return readiness?.is === 'pending' ? 'unknown' : 'fit'
}

/** Which kinds are asked now: startup until it has passed or failed, and only then the others. */
export const asked = (states: ProbeStates): readonly ProbeKind[] => {
  const { startup } = states
  if (startup?.is === 'pending') return ['startup']
  if (startup?.is === 'failing') return []
  return (['readiness', 'liveness'] as const).filter((kind) => states[kind] !== undefined)
}
