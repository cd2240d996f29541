/** What the agent needs, and no more: it ships as one small file, so it must not pull in the job spec's schemas. */
export * from './protocol.ts'
