/**
 * Attempts that will begin in a moment. The first process that joins another group waits for a grace period of the kernel (8 to 16 ms
 * measured); whoever joins within the next 10 ms does not wait. So the wait begins when a start is likely, beside all that a
 * start needs before it: the agent joins the group that it is in, which changes nothing else. While the kernel waits no group
 * can be made, so that of the attempt is made before.
 */
import { constants, existsSync, mkdirSync, openSync, readSync } from 'node:fs'
import { open, readFile, type FileHandle } from 'node:fs/promises'
import { join } from 'node:path'
import { ownFolders } from './own-folders.ts'
import { removeEmpty } from './task-group.ts'

/** Until then an attempt that was expected has its group; one that begins later makes it itself. */
const EXPECTED_FOR_MS = 60_000

export interface ExpectedGroups {
  expect(name: string): void
  /** The attempt begins, and answers for its group from here on. */
  begins(name: string): void
}

export interface ExpectedOptions {
  /** The folder that holds the groups; made when it is not there. */
  readonly base: string
  /** What the folder needs besides, once it is there. */
  readonly prepare?: () => Promise<void>
  /** Lets the kernel begin to wait. */
  readonly hurry?: () => Promise<void>
  readonly forMs?: number
}

export const expectedGroups = ({
  base,
  prepare,
  hurry = hurrying(),
  forMs = EXPECTED_FOR_MS,
}: ExpectedOptions): ExpectedGroups => {
  const waiting = new Map<string, NodeJS.Timeout>()
  let fresh: string[] = []
  let underWay: Promise<void> = Promise.resolve()

  /** All that are expected in one go, and none while the kernel waits: the agent's own thread would stand still. */
  const makeAll = async (): Promise<void> => {
    const names = fresh.filter((name) => waiting.has(name))
    fresh = []
    if (names.length === 0) return
    makeIfAbsent(base)
    for (const name of names) makeIfAbsent(join(base, name))
    await prepare?.()
    await hurry()
  }

  const forget = (name: string): void => {
    waiting.delete(name)
    removeEmpty(join(base, name))
    removeEmpty(base)
  }

  let tidiesUp = false

  return {
    expect: (name) => {
      if (waiting.has(name)) return
      // An agent that is killed leaves them to the next one.
      if (!tidiesUp) process.once('exit', () => waiting.forEach((_, left) => forget(left)))
      tidiesUp = true
      waiting.set(name, setTimeout(forget, forMs, name).unref())
      fresh.push(name)
      // What cannot be done now is done by the start itself, with the error told there.
      if (fresh.length === 1) underWay = underWay.then(makeAll).catch(() => {})
    },
    begins: (name) => {
      clearTimeout(waiting.get(name))
      waiting.delete(name)
    },
  }
}

const makeIfAbsent = (path: string): void => {
  if (!existsSync(path)) mkdirSync(path)
}

/** Joins the group that this process is in. Only while it is where it was first: somebody else may move it, and it stays there. */
const hurrying = (): (() => Promise<void>) => {
  let known: Promise<Own | undefined> | undefined
  return async () => {
    const own = await (known ??= findOwn())
    if (own !== undefined && readStart(own.stands) === own.where) await own.procs.write('0', 0)
  }
}

/** Files that stay open, so that the wait begins the sooner. */
interface Own {
  readonly stands: number
  readonly where: string
  readonly procs: FileHandle
}

/** Undefined when the agent may not write there. */
const findOwn = async (): Promise<Own | undefined> => {
  try {
    const stands = openSync('/proc/self/cgroup', 'r')
    const where = readStart(stands)
    const { v1, v2 } = ownFolders(where, await readFile('/proc/self/mountinfo', 'utf8'))
    const folder = v2 ?? v1.get('freezer') ?? [...v1.values()][0] ?? ''
    const members = await readFile(join(folder, 'cgroup.procs'), 'utf8')
    // In a namespace of its own a process may see another group at its path.
    if (!members.split('\n').includes(String(process.pid))) return undefined
    return { stands, where, procs: await open(join(folder, 'cgroup.procs'), constants.O_WRONLY) }
  } catch {
    return undefined
  }
}

const MOST_BYTES = 16 * 1024

const readStart = (file: number): string => {
  const buffer = Buffer.alloc(MOST_BYTES)
  return buffer.toString('utf8', 0, readSync(file, buffer, 0, MOST_BYTES, 0))
}
