/** Finds out which files are not as they shall be. A file that was not touched costs one look at its inode. */
import { lstat } from 'node:fs/promises'
import { digestOf } from './found.ts'
import type { AppliedFile } from './records.ts'

export interface Difference {
  readonly path: string
  readonly what: readonly ('content' | 'mode' | 'owner' | 'deleted' | 'not a file')[]
}

/** What was compared before, by path: the inode's fingerprint under which the content was right. */
export type Seen = Map<string, string>

export const differences = async (files: readonly AppliedFile[], seen?: Seen): Promise<Difference[]> => {
  const found: Difference[] = []
  for (const file of files) {
    const what = await compare(file, seen)
    if (what.length > 0) found.push({ path: file.path, what })
  }
  return found
}

const compare = async ({ path, sha256, mode, uid, gid }: AppliedFile, seen?: Seen): Promise<Difference['what']> => {
  const stat = await lstat(path, { bigint: true }).catch(() => undefined)
  if (stat === undefined) return ['deleted']
  if (!stat.isFile()) return ['not a file']
  const what: Difference['what'][number][] = []
  const fingerprint = [stat.ino, stat.dev, stat.size, stat.mtimeNs, stat.ctimeNs].join(' ')
  if (seen?.get(path) !== fingerprint) {
    // Gone in between, or not readable: whatever it is, it is not the content that was put there.
    if ((await digestOf(path).catch(() => '')) === sha256) seen?.set(path, fingerprint)
    else what.push('content')
  }
  if (Number(stat.mode & 0o7777n) !== mode) what.push('mode')
  if (Number(stat.uid) !== uid || Number(stat.gid) !== gid) what.push('owner')
  return what
}

const MOST_NAMED = 5

/** "/etc/a (content, mode), /etc/b (deleted) and 3 more" */
export const tellDifferences = (found: readonly Difference[]): string => {
  const named = found.slice(0, MOST_NAMED).map(({ path, what }) => `${path.slice(-120)} (${what.join(', ')})`)
  const more = found.length - named.length
  return `${named.join(', ')}${more > 0 ? ` and ${more} more` : ''}`
}
