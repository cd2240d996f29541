/** The part of the chassis that the agent's small bundle uses: no pino, no HTTP. */
export { every, sleep, systemClock, type Clock, type Timer } from './clock.ts'
export {
  choiceSetting,
  helpText,
  integerSetting,
  optionalPortSetting,
  optionalTextSetting,
  portSetting,
  readConfig,
  redacted,
  switchSetting,
  textSetting,
  type ConfigOf,
  type Setting,
  type Settings,
} from './config.ts'
export { sha256 } from './hash.ts'
export {
  describe,
  exitCodes,
  runProcess,
  type Lifecycle,
  type LifecycleOptions,
  type ProcessPort,
} from './lifecycle.ts'
export { silentLogger, type Logger } from './logger.ts'
export { seededRandom, systemRandom, type Random } from './random.ts'
export { createPump, type Pump } from './pump.ts'
