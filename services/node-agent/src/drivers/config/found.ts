/** What lies at a path, remembered so that it can be put back exactly: a file with its attributes, a link, or nothing. */
import { createHash } from 'node:crypto'
import { createReadStream, type Stats } from 'node:fs'
import {
  constants,
  copyFile,
  lstat,
  mkdir,
  open,
  readlink,
  rename,
  rm,
  rmdir,
  symlink,
  type FileHandle,
} from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import * as z from 'zod/mini'
import { hashFile } from '../../artifacts/part.ts'
import { TaskError } from '../driver.ts'
import { inFolder, WayRefused, type HeldFolder, type Way } from '../held-folder.ts'

export interface Attributes {
  readonly mode: number
  readonly uid: number
  readonly gid: number
}

export const foundSchema = z.discriminatedUnion('is', [
  z.object({ is: z.literal('absent') }),
  z.object({ is: z.literal('link'), to: z.string() }),
  /** `copy` names the file in the folder that remembers it. */
  z.object({ is: z.literal('file'), mode: z.int(), uid: z.int(), gid: z.int(), copy: z.string() }),
])
export type Found = z.output<typeof foundSchema>

const isCode = (error: unknown, ...codes: readonly string[]): boolean =>
  error instanceof Error && 'code' in error && codes.includes(String(error.code))

/** Tests let somebody else act between any two steps. */
type OnStep = (() => void) | undefined

const O_PATH = 0o10000000

/**
 * Whatever lies at a path, held: another process may put something else there at once. Undefined when nothing is there.
 * Throws when a folder or device is in the way, or a link on the way to it.
 */
const hold = async <T>(
  path: string,
  onStep: OnStep,
  look: (held: { readonly file: FileHandle; readonly stat: Stats } | { readonly link: string }) => Promise<T>,
): Promise<T | undefined> => {
  try {
    return await inFolderOf(path, { onStep }, async (folder, name) => {
      // Opened without any effect on what it is: a device may rewind, a pipe wait.
      const handle = await open(folder.at(name), O_PATH | constants.O_NOFOLLOW)
      try {
        const stat = await handle.stat()
        onStep?.()
        if (stat.isSymbolicLink()) return await look({ link: await readlink(folder.at(name)) })
        if (!stat.isFile())
          throw new TaskError(
            { code: 'not_a_file', message: `${path} is there and is no file; it is left alone.` },
            true,
          )
        return await look({ file: handle, stat })
      } finally {
        await handle.close()
      }
    })
  } catch (error) {
    if (isCode(error, 'ENOENT', 'ENOTDIR')) return undefined
    throw error
  }
}

/** Works in the folder of a path, which is none but the one that its path named when its links were last followed. */
const inFolderOf = async <T>(
  path: string,
  how: Pick<Way, 'make' | 'onStep'>,
  work: (folder: HeldFolder, name: string) => Promise<T>,
): Promise<T> => {
  try {
    return await inFolder('/', dirname(path), { links: 'refused', ...how }, (folder) => work(folder, basename(path)))
  } catch (error) {
    if (!(error instanceof WayRefused)) throw error
    throw new TaskError({ code: 'path_changed', message: `${path} leads elsewhere by now: ${error.message}` }, false)
  }
}

/** The attributes of the file that lies there, if one does. Throws when a folder or device is in the way. */
export const attributesAt = (path: string): Promise<Attributes | undefined> =>
  hold(path, undefined, (held) => Promise.resolve('file' in held ? attributesOf(held.stat) : undefined))

const attributesOf = ({ mode, uid, gid }: Stats): Attributes => ({ mode: mode & 0o7777, uid, gid })

/** Remembers what lies at `path`, its content as `<folder>/<name>`. */
export const remember = async (path: string, folder: string, name: string, onStep?: OnStep): Promise<Found> => {
  const found = await hold<Found>(path, onStep, async (held) => {
    if ('link' in held) return { is: 'link', to: held.link }
    await mkdir(folder, { recursive: true, mode: 0o700 })
    const copy = join(folder, name)
    await rm(copy, { force: true })
    // The very file that was looked at, whatever has taken its name since.
    await copyFile(`/proc/self/fd/${held.file.fd}`, copy)
    await sync(copy)
    return { is: 'file', ...attributesOf(held.stat), copy: name }
  })
  return found ?? { is: 'absent' }
}

/** The same memory in another folder. */
export const keep = async (found: Found, from: string, to: string, name: string): Promise<Found> => {
  if (found.is !== 'file') return found
  await mkdir(to, { recursive: true, mode: 0o700 })
  await copyFile(join(from, found.copy), join(to, name))
  await sync(join(to, name))
  return { ...found, copy: name }
}

/** Puts back what was remembered. Twice is the same as once. */
export const putBack = async (path: string, found: Found, folder: string, mark: string): Promise<void> => {
  // An agent that is not root gets the content and the mode back, if not the owner.
  if (found.is === 'file') return putFile(path, join(folder, found.copy), found, mark, { owner: 'own if it must' })
  try {
    await inFolderOf(path, {}, async (there, name) => {
      const made = there.at(temporary(name, mark))
      await rm(made, { force: true })
      if (found.is === 'link') {
        await symlink(found.to, made)
        await rename(made, there.at(name))
      } else await rm(there.at(name), { force: true })
      syncIfReadable(there)
    })
  } catch (error) {
    if (found.is === 'absent' && isCode(error, 'ENOENT', 'ENOTDIR')) return
    throw error
  }
}

export interface PutOptions {
  readonly owner?: 'exactly' | 'own if it must'
  readonly onStep?: OnStep
}

/**
 * A whole file under its name, or the former one: never a half, whatever is killed. Folders that are missing are made.
 * `mark` keeps two writers apart.
 */
export const putFile = (
  path: string,
  from: string,
  attributes: Attributes,
  mark: string,
  { owner = 'exactly', onStep }: PutOptions = {},
): Promise<void> =>
  inFolderOf(path, { make: { mode: 0o755 }, onStep }, async (folder, name) => {
    const made = folder.at(temporary(name, mark))
    await rm(made, { force: true })
    onStep?.()
    // New, and through this descriptor alone: its name may belong to another file a moment later.
    const handle = await open(made, constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL, 0o600)
    try {
      onStep?.()
      await handle.writeFile(createReadStream(from))
      const stat = await handle.stat()
      if (stat.uid !== attributes.uid || stat.gid !== attributes.gid)
        await handle.chown(attributes.uid, attributes.gid).catch((error: unknown) => {
          if (owner === 'exactly') throw error
        })
      // After the owner: a change of owner takes set-id bits away.
      await handle.chmod(attributes.mode)
      await handle.sync()
    } finally {
      await handle.close()
    }
    onStep?.()
    await rename(made, folder.at(name))
    folder.sync()
  })

const temporary = (name: string, mark: string): string => `.${name}.${mark}`

/** Only who may list a folder can have it synced. */
const syncIfReadable = (folder: HeldFolder): void => {
  try {
    folder.sync()
  } catch {
    // What was put back is in place; after a cut of the power it is put back again.
  }
}

/** The folders above a path that are not there, outermost first. */
export const missingFolders = async (path: string): Promise<string[]> => {
  const missing: string[] = []
  for (let folder = dirname(path); ; folder = dirname(folder)) {
    if ((await lstat(folder).catch(() => undefined)) !== undefined) return missing
    missing.unshift(folder)
  }
}

/** Takes away folders that were made for a file, as far as they are empty. */
export const removeFolders = async (folders: readonly string[]): Promise<void> => {
  for (const folder of folders.toReversed())
    await inFolderOf(folder, {}, (above, name) => rmdir(above.at(name))).catch(() => {})
}

export const digestOf = async (path: string): Promise<string> => {
  // Neither through a link nor into a pipe, which would wait for ever: somebody may have put one there meanwhile.
  const handle = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK)
  try {
    if (!(await handle.stat()).isFile()) throw new Error(`${path} is no file`)
    const hash = createHash('sha256')
    await hashFile(`/proc/self/fd/${handle.fd}`, hash)
    return hash.digest('hex')
  } finally {
    await handle.close()
  }
}

export const sync = async (path: string): Promise<void> => {
  const handle = await open(path)
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}
