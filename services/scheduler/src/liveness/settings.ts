/** The three timers of liveness as settings of the process: how often nodes speak, and when silence means something. */
import { DunlinError, durationMs, parseGoDuration } from '@dunlin/contracts'
import type { LivenessTimers } from '@dunlin/domain'
import { textSetting } from '@dunlin/runtime'

export const livenessSettings = {
  heartbeatEvery: textSetting('how often the nodes of this fleet send heartbeats', '10s'),
  disconnectedAfter: textSetting('silence after which a node is disconnected; at least three heartbeats', '45s'),
  lostAfter: textSetting('silence after which a node is lost; longer than disconnected-after', '24h'),
}

type Given = Readonly<Record<keyof typeof livenessSettings, string>>

/** Throws invalid_request that names every wrong one. */
export const livenessOf = (given: Given): LivenessTimers => {
  const errors: { path: string; message: string }[] = []
  const read = (name: keyof Given, flag: string): number => {
    const parsed = parseGoDuration(given[name])
    if (parsed.ok && parsed.ms > 0) return durationMs(given[name])
    errors.push({
      path: flag,
      message: `${JSON.stringify(given[name])} ${parsed.ok ? 'must be longer' : parsed.message}`,
    })
    return Number.NaN
  }
  const heartbeat = read('heartbeatEvery', '--heartbeat-every')
  const timers: LivenessTimers = {
    disconnectedAfterMs: read('disconnectedAfter', '--disconnected-after'),
    lostAfterMs: read('lostAfter', '--lost-after'),
  }
  // One heartbeat that is lost, and one that is late, must not make a node disconnected.
  if (timers.disconnectedAfterMs < 3 * heartbeat)
    errors.push({ path: '--disconnected-after', message: 'must be at least three times --heartbeat-every' })
  if (timers.lostAfterMs <= timers.disconnectedAfterMs)
    errors.push({ path: '--lost-after', message: 'must be longer than --disconnected-after' })
  if (errors.length > 0)
    throw new DunlinError('invalid_request', 'The timers of liveness do not go together.', { errors })
  return timers
}
