/** The rollout engine as a function of its ports, for the process and for tests. */
export { ENGINE_FOLD } from './fleet/fleet.ts'
export { startRolloutEngine, type EngineOptions, type EngineStatus, type RunningEngine } from './engine.ts'
export type { EnginePorts } from './ports.ts'
