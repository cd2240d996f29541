// One set-up at a time in one clone: two pnpm in one node_modules tear it apart.
import { mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { say } from './progress.mjs'

export async function withLock(root, run) {
  const folder = join(root, '.dunlin')
  const file = join(folder, 'setup.lock')
  mkdirSync(folder, { recursive: true })
  for (let told = false; !tryLock(file); told = true) {
    if (!told) say('another set-up is at work in this clone: waiting for it')
    await delay(200)
  }
  const unlock = () => rmSync(file, { force: true })
  process.once('exit', unlock)
  try {
    return await run()
  } finally {
    unlock()
    process.removeListener('exit', unlock)
  }
}

/** Takes the lock, also from a holder that is no longer alive. */
function tryLock(file) {
  try {
    writeFileSync(file, String(process.pid), { flag: 'wx' })
    return true
  } catch (error) {
    if (error.code !== 'EEXIST') throw error
  }
  if (isAbandoned(file)) rmSync(file, { force: true })
  return false
}

function isAbandoned(file) {
  try {
    const pid = Number(readFileSync(file, 'utf8'))
    // Without a number it is being written this moment, or its writer died over it.
    if (pid === 0) return Date.now() - statSync(file).mtimeMs > 10_000
    process.kill(pid, 0)
    return false
  } catch (error) {
    return error.code === 'ESRCH'
  }
}
