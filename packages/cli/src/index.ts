/** The `dunlin` command, for whoever wants to run it inside another program. */
export { exitCodes } from './exit-codes.ts'
export type { Io } from './io.ts'
export { run } from './program.ts'
