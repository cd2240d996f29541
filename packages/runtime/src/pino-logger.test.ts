import { describe, expect, it } from 'vitest'
import { pinoLogger } from './pino-logger.ts'

describe('pinoLogger', () => {
  it('writes one JSON line per record, with the fields of its parents, and no secret', () => {
    const lines: string[] = []
    const logger = pinoLogger({ service: 'api', level: 'info', stream: { write: (line) => void lines.push(line) } })
    logger.debug('not shown')
    logger.child({ job: 'a/b' }).warn('slow', { ms: 12, login: { password: 'hunter2' } })
    expect(lines).toHaveLength(1)
    const record = JSON.parse(lines[0] ?? '') as Record<string, unknown>
    expect(record).toMatchObject({ level: 'warn', service: 'api', job: 'a/b', ms: 12, msg: 'slow' })
    expect(lines[0]).not.toContain('hunter2')
  })
})
