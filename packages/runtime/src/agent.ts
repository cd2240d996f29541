/** The part of the chassis that the agent's small bundle uses: no pino, no HTTP. */
export { every, sleep, systemClock, type Clock, type Timer } from './clock.ts'
export { sha256 } from './hash.ts'
export { silentLogger, type Logger } from './logger.ts'
export { seededRandom, systemRandom, type Random } from './random.ts'
