/** The files of a task's directory, as the shim writes them and the agent reads them. */
import {
  closeSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join } from 'node:path'

export interface PidFile {
  readonly attempt: number
  readonly pid: number
  readonly startTicks: string
  readonly boot: string
  /** Leads the process group. */
  readonly shimPid: number
  readonly shimStartTicks: string
}

export interface ExitFile {
  readonly attempt: number
  readonly code: number
  readonly at: number
}

/** Undefined when the file is not there; never throws for what another process may have left half done. */
export const readText = (path: string): string | undefined => {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return undefined
  }
}

/** None when the folder is not there, or may not be read. */
export const namesIn = (folder: string): string[] => {
  try {
    return readdirSync(folder)
  } catch {
    return []
  }
}

/** A line without its newline is still being written, or was cut. */
const readLine = (path: string): readonly string[] => {
  const text = readText(path) ?? ''
  return text.endsWith('\n') ? text.trim().split(' ') : []
}

export const readPid = (dir: string): PidFile | undefined => {
  const [attempt, pid, startTicks, boot, shimPid, shimStartTicks] = readLine(`${dir}/pid`)
  if (!shimStartTicks || !startTicks || !boot) return undefined
  const file = {
    attempt: Number(attempt),
    pid: Number(pid),
    startTicks,
    boot,
    shimPid: Number(shimPid),
    shimStartTicks,
  }
  // A signal to group 0 meets the agent itself, one to group 1 every process of the host.
  return isTaskPid(file.pid) && isTaskPid(file.shimPid) ? file : undefined
}

const isTaskPid = (pid: number): boolean => Number.isSafeInteger(pid) && pid > 1

export const readExit = (dir: string): ExitFile | undefined => {
  const path = `${dir}/exit`
  // Nearly every look finds none, and an exception costs more than the look itself.
  if (!existsSync(path)) return undefined
  const [attempt, code] = readLine(path)
  if (code === undefined) return undefined
  return { attempt: Number(attempt), code: Number(code), at: Math.round(statSync(path).mtimeMs) }
}

export const writeAtomically = (path: string, text: string): void => {
  writeFileSync(`${path}.tmp`, text, { mode: 0o600 })
  renameSync(`${path}.tmp`, path)
}

/** The same for what must survive a cut of the power: a renamed file alone may be found empty after it. */
export const writeDurably = (path: string, text: string): void => {
  const file = openSync(`${path}.tmp`, 'w', 0o600)
  try {
    writeFileSync(file, text)
    fsyncSync(file)
  } finally {
    closeSync(file)
  }
  renameSync(`${path}.tmp`, path)
  const folder = openSync(dirname(path), 'r')
  try {
    fsyncSync(folder)
  } finally {
    closeSync(folder)
  }
}

const isClaimed = (dir: string, attempt: number): boolean => claimedAt(dir, attempt) !== undefined

/** When the shim of an attempt took it, ms since the epoch. */
export const claimedAt = (dir: string, attempt: number): number | undefined => {
  try {
    return statSync(join(dir, `claim.${attempt}`)).mtimeMs
  } catch {
    return undefined
  }
}

/** The highest attempt that was taken. */
export const lastClaim = (dir: string): number | undefined => {
  try {
    const attempts = readdirSync(dir).flatMap((name) => (name.startsWith('claim.') ? [Number(name.slice(6))] : []))
    return attempts.length === 0 ? undefined : Math.max(...attempts)
  } catch {
    return undefined
  }
}

/** Makes the directory ready for an attempt; what earlier attempts logged stays. */
export const prepareTaskDir = (dir: string, attempt: number): void => {
  const made = ['logs', 'local', 'tmp'].map((part) => mkdirSync(join(dir, part), { recursive: true, mode: 0o700 }))
  // Where no attempt has been, nothing has to be taken away.
  const isFresh = attempt === 1 && made.every((path) => path !== undefined)
  if (isFresh || isClaimed(dir, attempt)) return
  for (const name of ['pid', 'exit', 'error.json', 'cgroup.json', 'oom']) rmSync(join(dir, name), { force: true })
  for (let old = attempt - 1; old > 0 && isClaimed(dir, old); old--)
    rmSync(join(dir, `claim.${old}`), { recursive: true, force: true })
}
