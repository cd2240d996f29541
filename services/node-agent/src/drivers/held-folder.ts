/**
 * A folder held by its descriptor: what is done in it happens there, wherever its path leads by now. For folders that
 * another account may change at the very moment at which the agent, as root, writes below them. Node has no openat, but
 * Linux leads /proc/self/fd/<n>/<name> to the folder that is open, whatever has become of its path.
 */
import { chownSync, closeSync, constants, fsyncSync, mkdirSync, openSync, readlinkSync, realpathSync } from 'node:fs'
import { join, relative } from 'node:path'

export interface HeldFolder {
  /** A path of something in it. It may be a link: no call that follows its last part is safe. */
  at(name: string): string
  /** What was made, renamed and removed in it is on the disk from then on. */
  sync(): void
  close(): void
}

export interface Way {
  /** `inside`: followed as far as they do not lead out of the root. */
  readonly links: 'refused' | 'inside'
  /** For what is not there; where absent it is an error (ENOENT). */
  readonly make?: { readonly mode: number; readonly owner?: { readonly uid: number; readonly gid: number } | undefined }
  /** Between any two steps; tests let somebody else act there. */
  readonly onStep?: (() => void) | undefined
}

/** The way does not lead, or no longer leads, where it may. */
export class WayRefused extends Error {
  override readonly name = 'WayRefused'
}

// Linux, and the same on every processor that Node runs on; Node does not name it. It needs no permission to list.
const O_PATH = 0o10000000
const FOLDER = O_PATH | constants.O_DIRECTORY | constants.O_NOFOLLOW
/** Of links on one way, and of tries to make a folder that somebody else keeps removing. */
const MOST_LINKS = 40

/** Follows `way`, folder by folder, from `root`, whose own path must be in nobody else's hands. */
export const holdFolder = (root: string, way: string, { links, make, onStep = () => {} }: Way): HeldFolder => {
  // All of them, so that ".." in a link is the folder through which it was reached.
  const held = [openSync(root, FOLDER)]
  const last = (): string => pathOf(held.at(-1) ?? -1)
  const rest = partsOf(way)
  const refuse = (why: string): never => {
    throw new WayRefused(`The path ${way} ${why}.`)
  }
  const follow = (target: string): void => {
    if (!target.startsWith('/')) return void rest.unshift(...partsOf(target))
    const inside = [root, realpathSync(root)].map((one) => relative(one, target)).find((one) => !isOutside(one))
    for (const descriptor of held.splice(1)) closeSync(descriptor)
    rest.unshift(...partsOf(inside ?? refuse(`leads out of ${root}`)))
  }
  try {
    for (let tries = 0; rest.length > 0;) {
      const part = rest.shift() ?? ''
      onStep()
      if (part === '..') {
        if (held.length === 1) refuse(`leads out of ${root}`)
        closeSync(held.pop() ?? -1)
        continue
      }
      const path = `${last()}/${part}`
      const found = openOrMake(path, make, onStep)
      if (typeof found === 'number') held.push(found)
      else if (++tries > MOST_LINKS) refuse('does not come to an end')
      else if (found === 'changing') rest.unshift(part)
      else if (links === 'refused') refuse(`has a link in it (${part}), which was not there when it was looked at`)
      else follow(found.link)
    }
  } catch (error) {
    for (const descriptor of held) closeSync(descriptor)
    throw error
  }
  const own = held.pop() ?? -1
  for (const descriptor of held) closeSync(descriptor)
  return {
    at: (name) => `${pathOf(own)}/${name}`,
    sync: () => {
      const readable = openSync(pathOf(own), constants.O_RDONLY | constants.O_DIRECTORY)
      try {
        fsyncSync(readable)
      } finally {
        closeSync(readable)
      }
    },
    close: () => closeSync(own),
  }
}

/** Uses a folder for as long as `work` lasts. */
export const inFolder = async <T>(root: string, way: string, how: Way, work: (folder: HeldFolder) => Promise<T>) => {
  const folder = holdFolder(root, way, how)
  try {
    return await work(folder)
  } finally {
    folder.close()
  }
}

const pathOf = (descriptor: number): string => join('/proc/self/fd', String(descriptor))
const partsOf = (way: string): string[] => way.split('/').filter((part) => part !== '' && part !== '.')
const isOutside = (way: string): boolean => way === '..' || way.startsWith('../')
const codeOf = (error: unknown): string => (error instanceof Error && 'code' in error ? String(error.code) : '')

/** The folder, or where the link leads that is there instead, or that it was there a moment ago and is not now. */
const openOrMake = (path: string, make: Way['make'], onStep: () => void): number | { link: string } | 'changing' => {
  let made = false
  try {
    return openSync(path, FOLDER)
  } catch (error) {
    if (codeOf(error) === 'ENOTDIR' || codeOf(error) === 'ELOOP') return linkAt(path, error)
    if (codeOf(error) !== 'ENOENT' || make === undefined) throw error
  }
  onStep()
  try {
    mkdirSync(path, make.mode)
    made = true
  } catch (error) {
    if (codeOf(error) !== 'EEXIST') throw error
  }
  onStep()
  let descriptor: number
  try {
    descriptor = openSync(path, FOLDER)
  } catch {
    return 'changing'
  }
  if (made && make.owner) chownSync(pathOf(descriptor), make.owner.uid, make.owner.gid)
  return descriptor
}

const linkAt = (path: string, error: unknown): { link: string } | 'changing' => {
  try {
    return { link: readlinkSync(path) }
  } catch (reason) {
    if (codeOf(reason) === 'ENOENT') return 'changing'
    // Neither a folder nor a link.
    throw error
  }
}
