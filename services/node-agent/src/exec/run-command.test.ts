import type { ExecQuestion, NodeId } from '@dunlin/contracts/agent'
import { systemClock, type Clock, type Logger } from '@dunlin/runtime/agent'
import { silentLogger } from '@dunlin/runtime/agent'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it, vi } from 'vitest'
import type { RpcFacts } from '../rpc/method.ts'
import type { Out } from '../rpc/streams.ts'
import { execPolicyOf, type ExecPolicy } from './policy.ts'
import { runCommand } from './run-command.ts'

const dir = mkdtempSync(join(tmpdir(), 'dunlin-exec-'))
afterAll(() => rmSync(dir, { recursive: true, force: true }))

const TIMEOUT_MS = 60_000

const run = (command: readonly string[], exec: ExecPolicy | undefined, more: Partial<ExecQuestion> = {}) => {
  const said: unknown[] = []
  const logger: Logger = { ...silentLogger, warn: (message, fields) => void said.push({ message, ...fields }) }
  const abort = new AbortController()
  const output = { stdout: '', stderr: '' }
  const out: Out = {
    signal: abort.signal,
    ready: () => Promise.resolve(!abort.signal.aborted),
    item: (value, bytes) => (output[(value as { s: 'stdout' | 'stderr' }).s] += Buffer.from(bytes ?? []).toString()),
  }
  let timeOut = (): void => {}
  // Its timeout is over when the test says so.
  const after: Clock['after'] = (ms, act) => {
    if (ms !== TIMEOUT_MS) return systemClock.after(ms, act)
    timeOut = act
    return { cancel: () => (timeOut = () => {}) }
  }
  const clock = { ...systemClock, after }
  // Only what a command needs of the agent.
  const facts = { node: 'n1' as NodeId, dataDir: dir, clock, logger, exec } as unknown as RpcFacts
  const ended = runCommand(facts, { command: [...command], timeoutMs: TIMEOUT_MS, by: 'user:ana', ...more }, out)
  return { ended, output, said, leave: () => abort.abort(), timeOut: () => timeOut() }
}
const ANY = execPolicyOf(true, [])

describe('a command on request', () => {
  it('runs without a shell, from a scratch environment, with its streams and code apart', async () => {
    const { ended, output, said } = run(
      ['sh', '-c', 'echo "$1"; echo err >&2; cat; env | grep -c . >&2; exit 7', 'x', '$HOME *'],
      ANY,
      {
        input: Buffer.from('given').toString('base64'),
      },
    )
    expect(await ended).toEqual({ code: 7, signal: null, timedOut: false })
    expect(output.stdout).toBe('$HOME *\ngiven')
    expect(output.stderr).toMatch(/^err\n[1-9]\n$/)
    expect(said).toMatchObject([
      { audit: 'exec', by: 'user:ana', command: ['sh', '-c', expect.any(String), 'x', '$HOME *'] },
      { message: 'a command ended', code: 7 },
    ])
  })

  it('ends at its timeout also when something that left its group keeps its output open', async () => {
    const left = join(dir, 'left')
    const leaves = `setsid sh -c 'echo $$ > "$0"; exec sleep 1000' ${left} & while [ ! -s ${left} ]; do sleep 0.01; done`
    const { ended, timeOut } = run(['sh', '-c', leaves], ANY)
    // The command itself is over, and its note is gone.
    await vi.waitFor(() => {
      expect(readFileSync(left, 'utf8')).toMatch(/\d\n/)
      expect(readdirSync(join(dir, 'exec'))).toEqual([])
    }, 20_000)
    timeOut()
    expect(await ended).toEqual({ code: 0, signal: null, timedOut: true })
    expect(existsSync(join(dir, 'exec'))).toBe(true)
    expect(readdirSync(join(dir, 'exec'))).toEqual([])
    process.kill(Number(readFileSync(left, 'utf8')), 'SIGKILL')
  })

  it('is ended with its whole group at its timeout, also when it ignores SIGTERM', async () => {
    const deaf = 'trap "" TERM; echo $$; sleep 1000 & sleep 1000; sleep 1000'
    const { ended, output, timeOut } = run(['sh', '-c', deaf], ANY)
    await vi.waitFor(() => expect(output.stdout).toMatch(/\d\n/), 20_000)
    timeOut()
    expect(await ended).toMatchObject({ signal: 'SIGKILL', timedOut: true })
    const group = -Number(output.stdout)
    expect(group).toBeLessThan(-1)
    await vi.waitFor(() => expect(() => process.kill(group, 0)).toThrow('ESRCH'), 20_000)
  })

  it('is ended when the caller leaves', async () => {
    const { ended, leave, output } = run(['sh', '-c', 'echo up; exec sleep 1000'], ANY)
    await vi.waitFor(() => expect(output.stdout).toBe('up\n'), 20_000)
    leave()
    expect(await ended).toMatchObject({ signal: 'SIGTERM', timedOut: false })
  })

  it('is refused unless the agent was told to allow it, and the refusal is recorded', async () => {
    const { ended, said } = run(['id'], undefined)
    await expect(ended).rejects.toMatchObject({ code: 'exec_not_allowed' })
    expect(said).toMatchObject([{ message: 'a command was refused', by: 'user:ana', command: ['id'] }])
  })

  it('may be one of certain programs, by whichever link of the path, and none that has another name', async () => {
    const programs = execPolicyOf(false, ['/bin/echo'])
    expect(await run(['/usr/bin/echo', 'a'], programs).ended).toMatchObject({ code: 0 })
    expect(await run(['echo', 'a'], programs).ended).toMatchObject({ code: 0 })
    const alias = join(dir, 'alias')
    symlinkSync('/bin/echo', alias)
    for (const command of [['sh', '-c', 'echo a'], [alias], ['no-such-program']])
      await expect(run(command, programs).ended).rejects.toMatchObject({ code: 'exec_not_allowed' })
  })

  it('says what is wrong with a program that is not there', async () => {
    await expect(run(['no-such-program'], ANY).ended).rejects.toMatchObject({
      code: 'invalid_request',
      message: expect.stringContaining('no-such-program') as string,
    })
  })
})
