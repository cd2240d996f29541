/** The scheduler as a function of its ports, for the process and for tests. */
export { SCHEDULER_FOLD } from './fleet/fleet.ts'
export type { SchedulerPorts } from './ports.ts'
export { startScheduler, type RunningScheduler, type SchedulerOptions, type SchedulerStatus } from './scheduler.ts'
