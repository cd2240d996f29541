import { describe, expect, it } from 'vitest'
import { redactorOf } from './redact.ts'

describe('texts that leave a task', () => {
  it('hold no secret, as it is or as JSON writes it', () => {
    const redact = redactorOf({ DUNLIN_SECRET_NAMES: 'A,B,C,NONE', A: 'pass"word', B: 'pass', C: 'ab' })
    expect(redact('open pass"word/x')).toBe('open ***/x')
    expect(redact(JSON.stringify({ path: 'pass"word' }))).toBe('{"path":"***"}')
    expect(redact('passage about ab')).toBe('***age about ab')
  })
  it('are left alone without secrets', () => expect(redactorOf({})('text')).toBe('text'))
})
