/** Files of an installation: written whole, on the disk before anything relies on them, and given to the agent's user. */
import { lchownSync, lstatSync, readdirSync, statSync } from 'node:fs'
import { chmod, mkdir, open, rename } from 'node:fs/promises'
import { dirname } from 'node:path'
import { holdFolder } from '../drivers/held-folder.ts'
import { syncPath } from '../update/slots.ts'

export interface Ids {
  readonly uid: number
  readonly gid: number
}

/** Its permissions, when it is there and belongs to `owner` (who is not asked about where nobody is root). */
export const modeOf = (path: string, owner: Ids | undefined): number | undefined => {
  try {
    const stat = statSync(path)
    const isOwned = owner === undefined || process.getuid?.() !== 0 || stat.uid === owner.uid
    return isOwned ? stat.mode & 0o777 : undefined
  } catch {
    return undefined
  }
}

/** Written whole or not at all, whatever is cut: the service may be reading it. */
export const replace = async (path: string, text: string, mode: number): Promise<void> => {
  const handle = await open(`${path}.new`, 'w', mode)
  try {
    await handle.writeFile(text)
    await handle.chmod(mode)
    await handle.sync()
  } finally {
    await handle.close()
  }
  await rename(`${path}.new`, path)
  await syncPath(dirname(path))
}

/** A folder for its owner alone; the folders above it are for everybody to pass through. */
export const makePrivate = async (path: string): Promise<void> => {
  await mkdir(dirname(path), { recursive: true, mode: 0o755 })
  await mkdir(path, { recursive: true, mode: 0o700 })
  // Tasks of other users may live below it: then the agent has opened the way, and closes what is beside it.
  if ((statSync(path).mode & 0o777) !== 0o711) await chmod(path, 0o700)
}

/**
 * Gives a file, or a folder with everything in it that belonged to the same owner: what tasks have under users of their own
 * stays theirs. Walked by descriptor, for whoever is the owner until now may change it meanwhile.
 */
export const giveAll = (path: string, { uid, gid }: Ids): void => {
  const { uid: from } = lstatSync(path)
  const giveIn = (folder: string): void => {
    const held = holdFolder(folder, '', { links: 'refused' })
    try {
      for (const { name, isDirectory } of entriesOf(held.at(''))) {
        if (lstatSync(held.at(name)).uid !== from) continue
        if (isDirectory) giveIn(held.at(name))
        lchownSync(held.at(name), uid, gid)
      }
    } finally {
      held.close()
    }
  }
  if (lstatSync(path).isDirectory()) giveIn(path)
  // Last: a walk that was cut is begun again, because its beginning still belongs to the former owner.
  lchownSync(path, uid, gid)
}

const entriesOf = (folder: string): { readonly name: string; readonly isDirectory: boolean }[] =>
  readdirSync(folder, { withFileTypes: true }).map((entry) => ({ name: entry.name, isDirectory: entry.isDirectory() }))
