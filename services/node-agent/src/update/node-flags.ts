/**
 * How Node runs an agent that is to stay small. A small young generation, no helper threads of V8, and compilers that start
 * late: an idle agent does nothing that is worth compiling, and then 8 MB of the compilers' own code are never touched. What is
 * called a few times a second for each task reaches 20,000 calls within minutes, so the numbers are high; the lines of a log
 * that somebody follows reach them in a second. A Node that does not know a flag refuses to start: the launcher asks first.
 */
export const LEAN_NODE_FLAGS = [
  '--max-semi-space-size=1',
  '--single-threaded',
  '--no-sparkplug',
  '--invocation-count-for-maglev=100000',
  '--invocation-count-for-turbofan=400000',
] as const

/**
 * For the C library: its own default, but kept. Otherwise the first large piece of memory that is given back raises the size
 * below which nothing is given back any more, and what the start has used for compiling stays (measured: 66.4 MB, 60.5 with
 * this). One that does not know it does what it always does.
 */
export const LEAN_NODE_ENV = { MALLOC_TRIM_THRESHOLD_: '131072' } as const
