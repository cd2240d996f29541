/** What lies at a path, remembered so that it can be put back exactly: a file with its attributes, a link, or nothing. */
import { createHash } from 'node:crypto'
import { constants, copyFile, lstat, mkdir, open, readlink, rename, rm, rmdir, symlink } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import * as z from 'zod/mini'
import { hashFile } from '../../artifacts/part.ts'
import { TaskError } from '../driver.ts'

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

/** The attributes of the file that lies there, if one does. Throws when a folder or device is in the way. */
export const attributesAt = async (path: string): Promise<Attributes | undefined> => {
  const stat = await lstat(path).catch((error: unknown) => {
    if (isCode(error, 'ENOENT', 'ENOTDIR')) return undefined
    throw error
  })
  if (stat === undefined || stat.isSymbolicLink()) return undefined
  if (!stat.isFile())
    throw new TaskError({ code: 'not_a_file', message: `${path} is there and is no file; it is left alone.` }, true)
  return { mode: stat.mode & 0o7777, uid: stat.uid, gid: stat.gid }
}

/** Remembers what lies at `path`, its content as `<folder>/<name>`. */
export const remember = async (path: string, folder: string, name: string): Promise<Found> => {
  const attributes = await attributesAt(path)
  if (attributes === undefined) {
    const to = await readlink(path).catch(() => undefined)
    return to === undefined ? { is: 'absent' } : { is: 'link', to }
  }
  await mkdir(folder, { recursive: true, mode: 0o700 })
  const copy = join(folder, name)
  await rm(copy, { force: true })
  await copyFile(path, copy)
  await sync(copy)
  return { is: 'file', ...attributes, copy: name }
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
  const made = temporary(path, mark)
  await rm(made, { force: true })
  // An agent that is not root gets the content and the mode back, if not the owner.
  if (found.is === 'file') return putFile(path, join(folder, found.copy), found, mark, 'own if it must')
  if (found.is === 'link') {
    await symlink(found.to, made)
    await rename(made, path)
  } else await rm(path, { force: true })
  await sync(dirname(path)).catch(() => {})
}

/** A whole file under its name, or the former one: never a half, whatever is killed. `mark` keeps two writers apart. */
export const putFile = async (
  path: string,
  from: string,
  attributes: Attributes,
  mark: string,
  owner: 'exactly' | 'own if it must' = 'exactly',
): Promise<void> => {
  const made = temporary(path, mark)
  await rm(made, { force: true })
  // Never through a link that somebody puts there meanwhile.
  await copyFile(from, made, constants.COPYFILE_EXCL)
  const handle = await open(made, constants.O_RDWR | constants.O_NOFOLLOW)
  try {
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
  await rename(made, path)
  await sync(dirname(path))
}

const temporary = (path: string, mark: string): string => join(dirname(path), `.${basename(path)}.${mark}`)

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
  for (const folder of folders.toReversed()) await rmdir(folder).catch(() => {})
}

export const digestOf = async (path: string): Promise<string> => {
  const hash = createHash('sha256')
  await hashFile(path, hash)
  return hash.digest('hex')
}

export const sync = async (path: string): Promise<void> => {
  const handle = await open(path)
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}
