/** The agent as a function of its ports, and what tests and the simulator need to wire it. */
export { startAgent, type RunningAgent } from './agent.ts'
export { defaultTimings, type AgentOptions } from './options.ts'
export type { Timings } from './timings.ts'
export type { AgentPorts } from './ports.ts'
export type { Journal, KnownExecution, LocalState, Unsent } from './journal/journal.ts'
export { openJournal, type JournalOptions } from './journal/open-journal.ts'
export { TaskError, type Driver, type Inspected, type Stats, type Task } from './drivers/driver.ts'
export { processDriver } from './drivers/process/process-driver.ts'
export {
  startSimulatedAgents,
  type SimulatedFleet,
  type SimulatedOptions,
  type SimulatedPorts,
} from './simulated/fleet.ts'
export type { SimulatedNode } from './simulated/node.ts'
export type { Reboot } from './simulated/reboot.ts'
export {
  healthy,
  onlyInWindows,
  untilWindow,
  type Behaviour,
  type Script,
  type ScriptFacts,
  type Scripts,
  type Stage,
} from './simulated/script.ts'
export { joinServer } from './join/join.ts'
export { readMembership } from './credentials/membership.ts'
export { LEAN_NODE_ENV, LEAN_NODE_FLAGS } from './update/node-flags.ts'
export { AGENT_VERSION } from './host.ts'
export { LAUNCHER } from './update/launcher.ts'
export { makeSlotOf, switchTo } from './update/slots.ts'
export { killTasks } from './drivers/kill-tasks.ts'
