/** A job for every node of the fleet. */

const common = (version: number, rollout: Readonly<Record<string, unknown>>): string =>
  JSON.stringify({
    name: 'everywhere',
    type: 'process',
    config: { command: 'sleep', args: [String(1000 + version)] },
    rollout,
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

/** Windows as long as the pause between heartbeats, more of them than anybody waits for. */
export const validatedForLong = (version: number): string =>
  common(version, {
    strategy: 'immediate',
    health_check: { interval: '10s', success_threshold: 500, deadline: '2h' },
  })
