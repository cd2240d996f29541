/**
 * The folder of artifacts, each under its digest: `<sha256>` is whole, `<sha256>.part` is not yet, `<sha256>.from` says
 * where a part came from. Bounded: what was used longest ago goes first.
 */
import { chmodSync, mkdirSync, readdirSync, rmSync, statSync, utimesSync } from 'node:fs'
import { statfs } from 'node:fs/promises'
import { join } from 'node:path'
import { diskFull } from './problem.ts'

export interface Cache {
  readonly dir: string
  readonly limitBytes: number
  whole(digest: string): string
  part(digest: string): string
  from(digest: string): string
  /** Deletes what was used longest ago until `bytes` fit beside the rest; throws `disk_full` when the disk has no room. */
  makeRoom(digest: string, bytes: number, missingBytes: number): Promise<void>
  /** Marks it as used now. */
  touch(digest: string): void
  drop(digest: string): void
  /** While held, an artifact is not deleted for another one. Returns what lets go. */
  hold(digest: string): () => void
}

/** A file that was handed out by path is left alone this long, so that whoever asked can copy it. */
const HANDED_OUT_MS = 60_000
/** Left free on the disk, so that the agent can still write its journal. */
const KEEP_FREE_BYTES = 16 * 1024 * 1024

interface Item {
  readonly digest: string
  readonly bytes: number
  readonly usedMs: number
}

export const openCache = (dir: string, limitBytes: number): Cache => {
  const held = new Map<string, number>()
  const path = (digest: string, ending = ''): string => join(dir, `${digest}${ending}`)

  const items = (): Item[] => {
    const byDigest = new Map<string, Item>()
    for (const name of readdirSync(dir)) {
      const digest = name.slice(0, 64)
      const stat = statSync(join(dir, name), { throwIfNoEntry: false })
      if (!stat) continue
      const before = byDigest.get(digest)
      const bytes = stat.size + (before?.bytes ?? 0)
      byDigest.set(digest, { digest, bytes, usedMs: Math.max(stat.atimeMs, before?.usedMs ?? 0) })
    }
    return [...byDigest.values()]
  }
  const drop = (digest: string): void => {
    for (const ending of ['', '.part', '.from']) rmSync(path(digest, ending), { force: true })
  }

  mkdirSync(dir, { recursive: true, mode: 0o700 })
  chmodSync(dir, 0o700)
  return {
    dir,
    limitBytes,
    whole: (digest) => path(digest),
    part: (digest) => path(digest, '.part'),
    from: (digest) => path(digest, '.from'),
    drop,
    touch: (digest) => {
      const { mtime } = statSync(path(digest))
      utimesSync(path(digest), new Date(), mtime)
    },
    makeRoom: async (digest, bytes, missingBytes) => {
      const others = items().filter((item) => item.digest !== digest)
      let sum = others.reduce((total, item) => total + item.bytes, 0)
      const free = async (): Promise<number> => {
        const { bavail, bsize } = await statfs(dir)
        return bavail * bsize - KEEP_FREE_BYTES
      }
      for (const item of others.toSorted((a, b) => a.usedMs - b.usedMs)) {
        if (sum + bytes <= limitBytes && (await free()) >= missingBytes) return
        if (held.has(item.digest) || Date.now() - item.usedMs < HANDED_OUT_MS) continue
        drop(item.digest)
        sum -= item.bytes
      }
      const left = await free()
      if (left < missingBytes) throw diskFull(dir, `${missingBytes} bytes are needed and ${Math.max(0, left)} are free`)
    },
    hold: (digest) => {
      held.set(digest, (held.get(digest) ?? 0) + 1)
      let holding = true
      return () => {
        if (!holding) return
        holding = false
        const left = (held.get(digest) ?? 1) - 1
        if (left > 0) held.set(digest, left)
        else held.delete(digest)
      }
    },
  }
}
