/**
 * Removes a folder that another account may change meanwhile. Node's own rm goes by paths: who puts a link in the place of a
 * folder at the right moment has root delete what lies behind it. Here each folder is held, and names are removed in it.
 */
import { chmodSync, realpathSync } from 'node:fs'
import { readdir, rename, rmdir, unlink } from 'node:fs/promises'
import { basename, dirname } from 'node:path'
import { holdFolder, type HeldFolder } from './held-folder.ts'

/** Folders held at once: what lies deeper is moved up before it is removed, however deep it goes. */
const MOST_DEEP = 50
/** Of looks at a folder into which somebody keeps putting something. */
const MOST_LOOKS = 20

export interface RemoveOptions {
  /** Between any two steps; tests let somebody else act there. */
  readonly onStep?: () => void
}

/** Resolves also when it is not there. The folder above it must be in nobody else's hands. */
export const removeTree = async (path: string, { onStep = () => {} }: RemoveOptions = {}): Promise<void> => {
  let above: HeldFolder
  try {
    above = holdFolder(realpathSync(dirname(path)), '', { links: 'refused' })
  } catch (error) {
    if (isCode(error, 'ENOENT')) return
    throw error
  }
  let moved = 0

  const remove = async (folder: HeldFolder, name: string, depth: number, top: HeldFolder): Promise<void> => {
    for (let looks = 0; looks < MOST_LOOKS; looks++) {
      onStep()
      if (await done(unlink(folder.at(name)), 'EISDIR', 'EPERM')) return
      onStep()
      if (await done(rmdir(folder.at(name)), 'ENOTEMPTY', 'EEXIST', 'ENOTDIR')) return
      onStep()
      if (depth === MOST_DEEP) return moveUp(folder.at(name), top)
      const held = hold(folder.at(name))
      try {
        if (held) await empty(held, depth + 1, depth === 0 ? held : top)
      } finally {
        held?.close()
      }
    }
    throw new Error(`${path} cannot be removed: something is put into it again and again`)
  }
  /** An earlier agent may have been killed on the way, and its name be taken. */
  const moveUp = async (from: string, top: HeldFolder): Promise<void> => {
    while (!(await done(rename(from, top.at(`.dunlin-deep-${moved++}`)), 'ENOTEMPTY', 'EEXIST')));
  }
  const empty = async (folder: HeldFolder, depth: number, top: HeldFolder): Promise<void> => {
    for (const raw of await readdir(folder.at(''), { encoding: 'buffer' })) {
      let name = raw.toString()
      // Whatever bytes a name is made of.
      if (!Buffer.from(name).equals(raw)) {
        name = `.dunlin-odd-${moved++}`
        await rename(Buffer.concat([Buffer.from(folder.at('')), raw]), folder.at(name))
      }
      await remove(folder, name, depth, top)
    }
  }
  try {
    await remove(above, basename(path), 0, above)
  } finally {
    above.close()
  }
}

const isCode = (error: unknown, ...codes: readonly string[]): boolean =>
  error instanceof Error && 'code' in error && codes.includes(String(error.code))

/** False for one of the codes: it is another kind of thing, or not empty. What is gone is done. */
const done = async (work: Promise<void>, ...codes: readonly string[]): Promise<boolean> => {
  try {
    await work
    return true
  } catch (error) {
    if (isCode(error, 'ENOENT')) return true
    if (isCode(error, ...codes)) return false
    throw error
  }
}

/** Undefined when it is no folder any more. */
const hold = (path: string): HeldFolder | undefined => {
  try {
    const held = holdFolder(path, '', { links: 'refused' })
    // Tasks leave folders in which their own user may not remove anything.
    if (process.getuid?.() !== 0) chmodSync(held.at('.'), 0o700)
    return held
  } catch (error) {
    if (isCode(error, 'ENOENT', 'ENOTDIR', 'ELOOP')) return undefined
    throw error
  }
}
