/** What every process has. */
export * from './agent.ts'
