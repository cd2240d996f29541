/** How a job that has a process is asked to end. */
import * as z from 'zod/mini'
import { durationText } from './amounts.ts'

/** Signals that ask: KILL and STOP cannot be heard, and the rest tells of faults. */
const stopSignals = ['SIGTERM', 'SIGINT', 'SIGQUIT', 'SIGHUP', 'SIGUSR1', 'SIGUSR2', 'SIGKILL'] as const
export type StopSignal = (typeof stopSignals)[number]

export const stopShape = {
  /** SIGTERM where absent. */
  stop_signal: z.optional(z.enum(stopSignals)),
  /** How long the process may take to end after the signal; 10 s where absent. Then the whole group is killed. */
  stop_grace: z.optional(durationText()),
}
