/**
 * The files of one stream of a task, oldest first: `stdout.2`, `stdout.1`, `stdout`. They may be rotated by renaming or by
 * copying and cutting; both are done in one turn of this process or are one step of the file system, so what is listed and
 * read in one turn belongs together.
 */
import { readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'

export interface LogFile {
  /** Tells a file from a later one with the same name or the same inode. */
  readonly id: string
  readonly path: string
  readonly size: number
  /** Written to; older ones are not any more. */
  readonly present: boolean
}

let births: boolean | undefined
/** Some systems show the last change of a file as its birth, which tells nothing apart. */
const knowsBirths = (): boolean => {
  if (births === undefined) {
    const { birthtimeMs, ctimeMs } = statSync(process.execPath)
    births = birthtimeMs !== ctimeMs
  }
  return births
}

/** None when the directory is not there, or nothing was written yet. */
export const logFiles = (dir: string, stream: string): LogFile[] => {
  try {
    return readdirSync(join(dir, 'logs'))
      .flatMap((name) => {
        if (name === stream) return [{ name, age: 0 }]
        const age = name.startsWith(`${stream}.`) ? Number(name.slice(stream.length + 1)) : Number.NaN
        return Number.isSafeInteger(age) && age > 0 ? [{ name, age }] : []
      })
      .toSorted((a, b) => b.age - a.age)
      .map(({ name, age }) => {
        const path = join(dir, 'logs', name)
        const { ino, birthtimeMs, size } = statSync(path)
        return { id: knowsBirths() ? `${ino}-${birthtimeMs}` : String(ino), path, size, present: age === 0 }
      })
  } catch {
    return []
  }
}
