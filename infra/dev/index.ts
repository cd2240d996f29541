/** What the end-to-end tests use of the launcher: the same children, started the same way. */
export { startChild, type Child, type ChildSpec, type Facts } from './child.ts'
