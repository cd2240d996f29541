/** The logger port on pino: one JSON line per record on standard error, so that standard output stays for data. */
import { destination, pino, type DestinationStream, type Logger as Pino } from 'pino'
import type { Logger } from './logger.ts'

export const logLevels = ['debug', 'info', 'warn', 'error', 'silent'] as const
export type LogLevel = (typeof logLevels)[number]

export interface PinoLoggerOptions {
  /** Which process speaks, e.g. `api`. */
  readonly service: string
  readonly level?: LogLevel
  /** Where lines go; standard error, written at once, unless a test wants to read them. */
  readonly stream?: DestinationStream
}

const wrap = (inner: Pino): Logger => ({
  debug: (message, fields) => inner.debug(fields ?? {}, message),
  info: (message, fields) => inner.info(fields ?? {}, message),
  warn: (message, fields) => inner.warn(fields ?? {}, message),
  error: (message, fields) => inner.error(fields ?? {}, message),
  child: (fields) => wrap(inner.child(fields)),
})

/** Values under keys that name secrets never reach a log, however deep a caller passes them (two levels are searched). */
const secretKeys = ['password', 'token', 'secret', 'authorization', 'credentials']
const redact = secretKeys.flatMap((key) => [key, `*.${key}`, `*.*.${key}`])

export const pinoLogger = ({ service, level = 'info', stream }: PinoLoggerOptions): Logger =>
  wrap(
    pino(
      {
        level,
        base: { service, pid: process.pid },
        timestamp: pinoTime,
        formatters: { level: (label) => ({ level: label }) },
        redact: { paths: redact, censor: '***' },
      },
      stream ?? destination({ dest: 2, sync: true }),
    ),
  )

const pinoTime = (): string => `,"time":"${new Date().toISOString()}"`
