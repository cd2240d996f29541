/** Colours of states: green is well, yellow is on its way, red needs somebody. */
import type { Io, Style } from '../io.ts'

const colours: Readonly<Record<string, Style>> = {
  running: 'green',
  completed: 'green',
  connected: 'green',
  drained: 'yellow',
  draining: 'yellow',
  cordoned: 'yellow',
  healthy: 'green',
  pending: 'yellow',
  planning: 'yellow',
  open: 'yellow',
  queued: 'yellow',
  deploying: 'yellow',
  starting: 'yellow',
  validating: 'yellow',
  stopping: 'yellow',
  rollout_paused: 'yellow',
  degraded: 'red',
  halted: 'red',
  expired: 'red',
  failed: 'red',
  rollout_failed: 'red',
  lost: 'red',
  disconnected: 'red',
}

export const paintState = (io: Io, state: string, stream: 'out' | 'err' = 'out'): string => {
  const colour = colours[state] ?? 'dim'
  return stream === 'out' ? io.style(colour, state) : io.styleErr(colour, state)
}
