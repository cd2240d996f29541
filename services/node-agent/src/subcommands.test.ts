import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { dispatch } from './subcommands.ts'

let said: string

beforeEach(() => {
  said = ''
  vi.spyOn(process.stderr, 'write').mockImplementation((text) => ((said += String(text)), true))
})
afterEach(() => {
  vi.restoreAllMocks()
  process.exitCode = undefined
})

it.each([
  ['rnu', 'did you mean "run"?'],
  ['toString', 'there is no command "toString"'],
])('%s is no command, and the answer helps', async (word, hint) => {
  await dispatch([word, '--flag'])
  expect(said).toContain(hint)
  expect(said).toContain('dunlin-agent [command]')
  expect(process.exitCode).toBe(2)
})

it('takes the flags of the agent without a word', async () => {
  await dispatch(['--no-such-flag'])
  expect(said).toContain('--no-such-flag')
  expect(said).toContain('--nats-url')
  expect(process.exitCode).toBe(2)
})
