/** The part of the rules that the agent's small bundle uses. */
export * from './converge/index.ts'
