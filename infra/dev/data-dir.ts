/** One launcher per data directory: two would fight over the same log and the same nodes. */
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { LaunchError } from './say.ts'

/** Makes the directory and takes it; returns how to give it back. @throws LaunchError when another launcher holds it */
export const takeDataDir = (dataDir: string): (() => void) => {
  const file = join(dataDir, 'launcher.pid')
  try {
    mkdirSync(join(dataDir, 'logs'), { recursive: true })
    for (let tries = 0; !claim(file); tries += 1) {
      const holder = Number(readFileSync(file, 'utf8'))
      if (tries > 3 || isAlive(holder))
        throw new LaunchError(
          `${dataDir} is in use by process ${holder}; stop that one, or give another --data-dir (and --api-port 0)`,
        )
      rmSync(file, { force: true })
    }
  } catch (error) {
    if (error instanceof LaunchError) throw error
    throw new LaunchError(`--data-dir ${dataDir}: ${error instanceof Error ? error.message : String(error)}`)
  }
  return () => rmSync(file, { force: true })
}

const claim = (file: string): boolean => {
  try {
    writeFileSync(file, String(process.pid), { flag: 'wx' })
    return true
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') return false
    throw error
  }
}

const isAlive = (pid: number): boolean => {
  if (!(pid > 0)) return false
  try {
    // After a reboot the number may belong to anybody; on Linux the command line tells.
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes('infra/dev/main.ts')
  } catch {
    try {
      process.kill(pid, 0)
      return process.platform !== 'linux'
    } catch {
      return false
    }
  }
}
