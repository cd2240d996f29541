/** JSON lines on standard error. Own, because pino alone costs the agent several megabytes of memory. */
import type { Logger } from '@dunlin/runtime/agent'

const levels = ['debug', 'info', 'warn', 'error'] as const
type Level = (typeof levels)[number]

export const jsonLogger = (
  least: string,
  write: (line: string) => void,
  fields: Readonly<Record<string, unknown>> = {},
): Logger => {
  const from = Math.max(0, levels.indexOf(least as Level))
  const log =
    (level: Level) =>
    (message: string, more: Readonly<Record<string, unknown>> = {}): void => {
      if (levels.indexOf(level) < from) return
      write(`${JSON.stringify({ level, time: new Date().toISOString(), ...fields, ...more, msg: message })}\n`)
    }
  return {
    debug: log('debug'),
    info: log('info'),
    warn: log('warn'),
    error: log('error'),
    child: (more) => jsonLogger(least, write, { ...fields, ...more }),
  }
}
