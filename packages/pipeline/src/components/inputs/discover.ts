// Which files the patterns of a `file` input name right now, by the identity of the file rather than by its name.
import type { BigIntStats } from 'node:fs'
import { glob, stat } from 'node:fs/promises'

export interface FoundFile {
  readonly path: string
  /** Device and inode: a file keeps it when it is renamed. */
  readonly key: string
  readonly sizeBytes: number
  readonly modifiedMs: number
}

export interface Discovery {
  readonly files: readonly FoundFile[]
  /** What stands in the way of reading; a file that is not there yet is nothing of the kind. */
  readonly problems: readonly string[]
}

const MAGIC = /[*?[\]{}!()]/

export async function discover(patterns: readonly string[]): Promise<Discovery> {
  const files = new Map<string, FoundFile>()
  const problems: string[] = []
  for (const pattern of patterns) {
    for (const path of await matches(pattern, problems)) {
      const found = await look(path, pattern === path, problems)
      if (found !== undefined && !files.has(found.key)) files.set(found.key, found)
    }
  }
  return { files: [...files.values()], problems }
}

async function matches(pattern: string, problems: string[]): Promise<string[]> {
  if (!MAGIC.test(pattern)) return [pattern]
  const paths: string[] = []
  try {
    for await (const path of glob(pattern)) paths.push(path)
  } catch (error) {
    if (!isMissing(error)) problems.push(reasonOf(pattern, error))
  }
  return paths.sort()
}

async function look(path: string, named: boolean, problems: string[]): Promise<FoundFile | undefined> {
  try {
    const stats = await stat(path, { bigint: true })
    if (stats.isFile()) return found(path, stats)
    // A directory that happens to match a pattern is passed over; one that was asked for by name is a mistake.
    if (named) problems.push(`cannot read ${path}: it is not a regular file`)
  } catch (error) {
    if (!isMissing(error)) problems.push(reasonOf(path, error))
  }
  return undefined
}

function found(path: string, stats: BigIntStats): FoundFile {
  return {
    path,
    key: `${stats.dev}:${stats.ino}`,
    sizeBytes: Number(stats.size),
    modifiedMs: Number(stats.mtimeMs),
  }
}

export function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT'
}

export function reasonOf(path: string, error: unknown): string {
  const code = error instanceof Error && 'code' in error ? String(error.code) : String(error)
  return `cannot read ${path}: ${code}`
}
