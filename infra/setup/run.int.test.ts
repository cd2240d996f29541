// The set-up as npm starts it: real processes, real signals.
import { spawn, spawnSync, type ChildProcess } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'

const here = import.meta.dirname
let folder: string
let parentScript: string

// A child that says its pid when it listens, ends in its own order on SIGTERM, and would otherwise stay for a minute.
const childScript = `
  process.on('SIGTERM', () => { console.log('stopped in order'); process.exit(7) })
  console.log(process.pid)
  setTimeout(() => {}, 60_000)
`

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'dunlin-run-'))
  parentScript = join(folder, 'parent.mjs')
  const child = join(folder, 'child.mjs')
  writeFileSync(child, childScript)
  writeFileSync(
    parentScript,
    `import { runChild } from ${JSON.stringify(join(here, 'run-child.mjs'))}
     const args = ['--import', ${JSON.stringify(join(here, 'follow-parent.mjs'))}, ${JSON.stringify(child)}]
     const { code, signal } = await runChild(process.execPath, args)
     process.exitCode = code ?? 1`,
  )
})
afterAll(() => rmSync(folder, { recursive: true }))

function start(): { parent: ChildProcess; output: () => string; ended: Promise<number | null> } {
  const parent = spawn(process.execPath, [parentScript], { stdio: ['ignore', 'pipe', 'inherit'] })
  let output = ''
  parent.stdout.on('data', (chunk: Buffer) => (output += chunk.toString('utf8')))
  const ended = new Promise<number | null>((resolve) => void parent.once('close', resolve))
  return { parent, output: () => output, ended }
}

async function until(condition: () => boolean): Promise<void> {
  for (const deadline = Date.now() + 30_000; !condition(); await delay(10)) {
    if (Date.now() > deadline) throw new Error('it did not come about in 30 s')
  }
}

function alive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}

test('SIGTERM is passed on, its own end waited for, its exit code handed back', async () => {
  const { parent, output, ended } = start()
  await until(() => output().includes('\n'))
  parent.kill('SIGTERM')
  expect(await ended).toBe(7)
  expect(output()).toContain('stopped in order')
})

test('a set-up killed with -9 leaves no child behind', async () => {
  const { parent, output, ended } = start()
  await until(() => output().includes('\n'))
  const child = Number(output().split('\n')[0])
  parent.kill('SIGKILL')
  await ended
  await until(() => !alive(child))
  expect(output()).toContain('stopped in order')
})

test('an unknown command is refused with the names of those there are, and nothing on stdout', () => {
  const result = spawnSync(process.execPath, [join(here, 'run.mjs'), 'dance'], { encoding: 'utf8' })
  expect(result.status).toBe(1)
  expect(result.stdout).toBe('')
  expect(result.stderr).toContain('there are demo, start, test, bench, sim')
})
