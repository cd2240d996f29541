/** The only code that knows NATS. */
export * from './agent.ts'
