/**
 * Attempts that will begin in a moment. The first process that joins another group waits for a grace period of the kernel (8 to 16 ms
 * measured); whoever joins within the next 10 ms does not wait. So the wait begins when a start is likely, beside all that a
 * start needs before it: the agent joins the group that it is in, which changes nothing else. While the kernel waits no group
 * can be made, so that of the attempt is made before.
 */
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { readText } from '../drivers/task-dir.ts'
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

  /** All that are expected in one go: behind the first wait the others could make no group. */
  const makeAll = async (): Promise<void> => {
    const names = fresh
    fresh = []
    await Promise.all(names.map((name) => mkdir(join(base, name), { recursive: true })))
    await prepare?.()
    await hurry()
  }

  const forget = (name: string): void => {
    waiting.delete(name)
    removeEmpty(join(base, name))
    removeEmpty(base)
  }

  return {
    expect: (name) => {
      if (waiting.has(name)) return
      waiting.set(name, setTimeout(forget, forMs, name).unref())
      fresh.push(name)
      // What cannot be done now is done by the start itself, with the error told there.
      if (fresh.length === 1)
        void Promise.resolve()
          .then(makeAll)
          .catch(() => {})
    },
    begins: (name) => {
      clearTimeout(waiting.get(name))
      waiting.delete(name)
    },
  }
}

/** Joins the group that this process is in. Only while it is where it was first: somebody else may move it, and it stays there. */
const hurrying = (): (() => Promise<void>) => {
  let stands: string | undefined
  let procs: string | undefined
  return async () => {
    const now = await readFile('/proc/self/cgroup', 'utf8')
    if (stands === undefined) {
      stands = now
      const { v1, v2 } = ownFolders(now, readText('/proc/self/mountinfo') ?? '')
      const own = v2 ?? v1.get('freezer') ?? [...v1.values()][0]
      const members = own === undefined ? '' : (readText(join(own, 'cgroup.procs')) ?? '')
      if (own !== undefined && members.split('\n').includes(String(process.pid))) procs = join(own, 'cgroup.procs')
    }
    if (procs !== undefined && now === stands) await writeFile(procs, '0', { flag: 'r+' })
  }
}
