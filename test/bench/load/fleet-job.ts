/** A job for every node of the fleet. */

const common = (version: number, rollout: Readonly<Record<string, unknown>>, more: object = {}): string =>
  JSON.stringify({
    name: 'everywhere',
    type: 'process',
    config: { command: 'sleep', args: [String(1000 + version)] },
    rollout,
    ...more,
  })

/** Everything at once; health is judged later and does not hold anybody up. */
export const immediately = (version: number): string => common(version, { strategy: 'immediate' })

/** Ten waves, each of a tenth, one healthy window of 200 ms between them. */
export const inTenWaves = (version: number): string =>
  common(version, {
    strategy: 'rolling',
    max_parallel: 10,
    health_check: { interval: '200ms', success_threshold: 1 },
  })

/** Windows as long as the pause between heartbeats, more of them than anybody waits for; on all nodes, or on those of a group. */
export const validatedForLong = (version: number, group?: string): string =>
  common(
    version,
    { strategy: 'immediate', health_check: { interval: '10s', success_threshold: 500, deadline: '2h' } },
    { name: 'watched', ...(group === undefined ? {} : { selector: { match_labels: { group } } }) },
  )

/** As most people would: ten waves with the ramp, two windows of ten seconds, analysis on. */
export const inDefaultWaves = (version: number): string => common(version, {})

/** Waves and ramp as by default, one window a verdict; one failure halts, so that a bench decides which heartbeat does. */
export const settledByOneWindow = (version: number, name = 'everywhere'): string =>
  common(
    version,
    {
      max_failed_nodes: 0,
      analysis: 'off',
      health_check: { interval: '10s', success_threshold: 1, failure_threshold: 1 },
    },
    { name },
  )
