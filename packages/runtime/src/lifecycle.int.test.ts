import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { describe, expect, it } from 'vitest'

const lifecycle = JSON.stringify(new URL('lifecycle.ts', import.meta.url).href)
const logger = JSON.stringify(new URL('logger.ts', import.meta.url).href)

/** A process with a part that would keep it alive for ever. */
const childCode = `
  import { runProcess } from ${lifecycle}
  import { silentLogger } from ${logger}
  await runProcess({ logger: silentLogger, exitWithParent: true }, async (life) => {
    await life.start('ticker', () => setInterval(() => {}, 1000), clearInterval)
    process.stdout.write('ready\\n')
  })`
const parentCode = (stdio: string): string => `
  import { spawn } from 'node:child_process'
  const args = ['--conditions', 'dunlin-source', '--input-type', 'module', '--eval', ${JSON.stringify(childCode)}]
  const child = spawn(process.execPath, args, { stdio: ${stdio} })
  child.stdout.on('data', () => process.stdout.write(child.pid + '\\n'))`

const isAlive = (pid: number): boolean => {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}

describe('a process that ends with its parent', () => {
  it.each([
    ['an IPC channel', `['ignore', 'pipe', 'inherit', 'ipc']`],
    ['a pipe as standard input', `['pipe', 'pipe', 'inherit']`],
  ])('ends by itself when the parent is killed with -9; they share %s', async (_name, stdio) => {
    const parent = spawn(process.execPath, ['--input-type', 'module', '--eval', parentCode(stdio)], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    const [line] = (await once(parent.stdout, 'data')) as [Buffer]
    const pid = Number(line.toString())
    expect(isAlive(pid)).toBe(true)
    parent.kill('SIGKILL')
    await expect.poll(() => isAlive(pid), { timeout: 20_000 }).toBe(false)
  })
})
