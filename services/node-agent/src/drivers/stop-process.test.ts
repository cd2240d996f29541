import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, expect, it } from 'vitest'
import { makeDataDir } from '../testing/node.ts'
import { bootId, startTicksOf } from './proc.ts'
import { signalGroup, stopProcess } from './stop-process.ts'

const children: ChildProcess[] = []
const root = makeDataDir()
const dir = join(root, 'x1')
const sleeper = (): { child: ChildProcess; pid: number } => {
  const child = spawn('sleep', ['1000'], { detached: true, stdio: 'ignore' })
  children.push(child)
  return { child, pid: child.pid ?? 0 }
}
const isThere = ({ exitCode, signalCode }: ChildProcess): boolean => exitCode === null && signalCode === null

afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL')
  rmSync(root, { recursive: true, force: true })
})

it('meets the command and not the group of a stranger who got the number of its shim', async () => {
  const [command, stranger] = [sleeper(), sleeper()]
  mkdirSync(dir, { recursive: true })
  const words = [1, command.pid, startTicksOf(command.pid), bootId(), stranger.pid, 7]
  writeFileSync(join(dir, 'pid'), `${words.join(' ')}\n`)
  const exit = once(command.child, 'exit')
  expect(signalGroup({ dir, attempt: 1 }, 'SIGTERM')).toBe(true)
  expect(await exit).toEqual([null, 'SIGTERM'])
  await stopProcess({ dir, attempt: 1 }, 100)
  expect(isThere(stranger.child)).toBe(true)
})
