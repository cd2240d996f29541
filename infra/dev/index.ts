/** What tests use of the launcher: the same children, started the same way, and the log of a run as a history. */
export { startChild, type Child, type ChildSpec, type Facts } from './child.ts'
export { launchFleet, type Fleet } from './fleet.ts'
export { recordHistory } from './record-history.ts'
