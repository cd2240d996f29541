// One file that is being followed: read in pieces from where it was left, noticing when it was cut off or written anew.
import { open, type FileHandle } from 'node:fs/promises'
import { lineCutter, type Line } from './lines.ts'
import type { FoundFile } from './discover.ts'
import { HEAD_BYTES, type Position } from './position.ts'

const PIECE_BYTES = 64 * 1024

export interface FollowedFile {
  readonly key: string
  /** Its present name, or the last one it had. */
  path: string
  modifiedMs: number
  /** When it was last seen under a name that matches. */
  seenAtMs: number
  /** Lines that are complete by now; none when there is nothing new. */
  read(): Promise<{ lines: Line[]; offset: number }>
  /** The unfinished last line, when the file is given up. */
  finish(): { lines: Line[]; offset: number }
  /** Everything before this byte was delivered. */
  committed: number
  /** The first bytes of the file, base64. */
  head(): string
  close(): Promise<void>
}

/** Opens the file, and goes on at the saved position when it still is the same file. */
export async function followFile(
  found: FoundFile,
  saved: Position | undefined,
  maxLineBytes: number,
  onRestart: (reason: string) => void,
): Promise<FollowedFile> {
  const handle = await open(found.path, 'r')
  const cutter = lineCutter(maxLineBytes)
  let head = await readHead(handle)
  let offset = 0
  if (saved !== undefined) {
    if (isSame(head, Buffer.from(saved.head, 'base64')) && saved.offset <= (await sizeOf(handle))) offset = saved.offset
    else onRestart('the file is not the one that was read before')
  }

  /** A file that shrank, or begins differently, was written anew: it is read from its beginning. */
  async function restartIfRewritten(): Promise<void> {
    const size = await sizeOf(handle)
    const now = await readHead(handle)
    const rewritten = !isSame(now, head)
    head = now
    if (size >= offset && !rewritten) return
    onRestart(size < offset ? 'the file was truncated' : 'the file was written anew')
    cutter.reset()
    offset = 0
    file.committed = 0
  }

  const buffer = Buffer.allocUnsafe(PIECE_BYTES)
  const file: FollowedFile = {
    key: found.key,
    path: found.path,
    modifiedMs: found.modifiedMs,
    seenAtMs: 0,
    committed: offset,
    async read() {
      await restartIfRewritten()
      for (;;) {
        const { bytesRead } = await handle.read(buffer, 0, PIECE_BYTES, offset)
        if (bytesRead === 0) return { lines: [], offset: offset - cutter.pendingBytes() }
        offset += bytesRead
        const lines = cutter.push(buffer.subarray(0, bytesRead))
        // A long line may take several pieces before there is anything to hand on.
        if (lines.length > 0) return { lines, offset: offset - cutter.pendingBytes() }
      }
    },
    finish: () => ({ lines: cutter.finish(), offset }),
    head: () => head.toString('base64'),
    close: () => handle.close(),
  }
  return file
}

async function sizeOf(handle: FileHandle): Promise<number> {
  return (await handle.stat()).size
}

async function readHead(handle: FileHandle): Promise<Buffer> {
  const head = Buffer.alloc(HEAD_BYTES)
  const { bytesRead } = await handle.read(head, 0, HEAD_BYTES, 0)
  return head.subarray(0, bytesRead)
}

/** The file may have grown since its head was taken, but what stood there must still stand there. */
function isSame(now: Buffer, before: Buffer): boolean {
  return now.length >= before.length && now.subarray(0, before.length).equals(before)
}
