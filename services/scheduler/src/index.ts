/** The scheduler as a function of its ports, for the process and for tests. */
export type { SchedulerPorts } from './ports.ts'
export { startScheduler, type RunningScheduler, type SchedulerOptions, type SchedulerStatus } from './scheduler.ts'
