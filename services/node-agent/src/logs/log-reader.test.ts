import { seededRandom } from '@dunlin/runtime/agent'
import {
  appendFileSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  renameSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { rotateTaskLogs } from '../drivers/logs.ts'
import { logFiles } from './log-files.ts'
import { createLogReader, PART_BYTES, type LogReader } from './log-reader.ts'
import { readPosition, type Position } from './position.ts'
import { tailPosition } from './tail.ts'

const root = mkdtempSync(join(tmpdir(), 'dunlin-logs-'))
afterAll(() => rmSync(root, { recursive: true, force: true }))
let count = 0
const newDir = (): string => {
  const dir = join(root, String((count += 1)))
  mkdirSync(join(dir, 'logs'), { recursive: true })
  return dir
}
const append = (dir: string, text: string): void => appendFileSync(join(dir, 'logs', 'stdout'), text)
/** By renaming, as many programs do; the agent's own way copies and cuts. */
const renamed = (dir: string): void => {
  const path = join(dir, 'logs', 'stdout')
  rmSync(`${path}.2`, { force: true })
  for (const [from, to] of [
    [`${path}.1`, `${path}.2`],
    [path, `${path}.1`],
  ] as const)
    try {
      renameSync(from, to)
    } catch {
      // The first rotations have no older file.
    }
  append(dir, '')
}
const copied = (dir: string): void => {
  const path = join(dir, 'logs', 'stdout')
  if (!existsSync(path)) return
  rmSync(`${path}.2`, { force: true })
  if (existsSync(`${path}.1`)) renameSync(`${path}.1`, `${path}.2`)
  copyFileSync(path, `${path}.1`)
  truncateSync(path)
}
const rotations = { copied, renamed }

/** Everything that is there now, gaps as a line. */
const drain = (reader: LogReader, final = false): { text: string; at: Position | undefined } => {
  let text = ''
  let at: Position | undefined
  for (let part = reader.next(final); part; part = reader.next(final)) {
    if (part.is === 'gap') text += '<gap>\n'
    else {
      text += Buffer.from(part.bytes).toString()
      at = readPosition(part.at)
    }
  }
  return { text, at }
}

const SEEDS = Array.from({ length: 20 }, (_, seed) => seed)
const TICK = new Int32Array(new SharedArrayBuffer(4))
type Step = 'write' | 'rotate' | 'read' | 'reconnect'
const steps: readonly Step[] = [
  'write',
  'write',
  'write',
  'write',
  'rotate',
  'rotate',
  'read',
  'read',
  'read',
  'reconnect',
]

describe.each(Object.entries(rotations))('a log that is rotated: %s', (_, rotate) => {
  it.each(SEEDS)(
    'is read without loss or repeat, on other connections too; what was dropped unread is told (seed %d)',
    (seed) => {
      const random = seededRandom(seed)
      const dir = newDir()
      let reader = createLogReader(dir, 'stdout')
      let at: Position | undefined
      let n = 0
      let read = ''
      let rotatedAt = 0
      let unreadRotations = 0
      let dropped = false
      let mayTell = false
      const look = (final = false): void => {
        const found = drain(reader, final)
        read += found.text
        at = found.at ?? at
        if (found.text !== '') unreadRotations = 0
      }
      for (let i = 0; i < 40; i++) {
        const each = steps[Math.floor(random.float() * steps.length)]
        if (each === 'write') append(dir, `line ${(n += 1)}\n`)
        else if (each === 'read') look()
        else if (each === 'rotate' && n > rotatedAt) {
          rotatedAt = n
          // Files that are made in the same tick of the kernel with the same inode cannot be told apart; real ones are not.
          Atomics.wait(TICK, 0, 0, 5)
          rotate(dir)
          unreadRotations += 1
          // Two older files are kept, so a third rotation without a look may take unread lines along.
          dropped ||= unreadRotations > 2
        } else if (each === 'reconnect') {
          // Its place may be in a file that is gone, read to its end or not: then it says so.
          mayTell ||= unreadRotations > 1
          reader.close()
          reader = createLogReader(dir, 'stdout', at)
        }
      }
      look(true)
      reader.close()
      const written = Array.from({ length: n }, (_one, i) => `line ${i + 1}`)
      const lines = read.split('\n').filter((line) => line !== '' && line !== '<gap>')
      // In order and never twice, whatever happened.
      expect(lines).toEqual(written.filter((line) => lines.includes(line)))
      expect(lines).toEqual(dropped ? lines : written)
      expect(!dropped && !mayTell && read.includes('<gap>')).toBe(false)
    },
  )

  it('says that lines were dropped before they were read', () => {
    const dir = newDir()
    const reader = createLogReader(dir, 'stdout')
    append(dir, 'one\n')
    expect(drain(reader).text).toBe('one\n')
    for (const line of ['two', 'three', 'four', 'five', 'six']) {
      append(dir, `${line}\n`)
      rotate(dir)
    }
    reader.close()
    const later = createLogReader(dir, 'stdout', tailPosition(logFiles(dir, 'stdout'), 9))
    expect(drain(later).text).toBe('five\nsix\n')
    later.close()
  })
})

describe('a copy that holds only the end of a file', () => {
  const dirWith = (): string => {
    const dir = newDir()
    append(dir, 'a'.repeat(99) + '\n' + 'b'.repeat(99) + '\n')
    return dir
  }
  it('is read on where the reader stood', () => {
    const dir = dirWith()
    const reader = createLogReader(dir, 'stdout')
    drain(reader)
    append(dir, 'c\n')
    rotateTaskLogs(dir, { max_file_size: 50 })
    append(dir, 'd\n')
    expect(drain(reader).text).toBe('c\nd\n')
    reader.close()
  })
  it('is read from its beginning, as a gap, by a reader that stood before it', () => {
    const dir = dirWith()
    const reader = createLogReader(dir, 'stdout', { ...positionAt(dir, 100) })
    append(dir, 'c'.repeat(49) + '\n')
    rotateTaskLogs(dir, { max_file_size: 60 })
    const { text } = drain(reader)
    expect(text.startsWith('<gap>\ndunlin: 190 bytes before this were not kept\n')).toBe(true)
    expect(text.endsWith('\n' + 'c'.repeat(49) + '\n')).toBe(true)
    reader.close()
  })
})

/** Where a reader that had read so many bytes would stand; the lines of the test have 100. */
const positionAt = (dir: string, bytes: number): Position => {
  const at = tailPosition(logFiles(dir, 'stdout'), 1)
  if (at?.offset !== bytes) throw new Error('the test wrote other lines')
  return at
}

describe('a reader', () => {
  it('waits for the end of a line, and not when there will be none', () => {
    const dir = newDir()
    append(dir, 'whole\nhal')
    const reader = createLogReader(dir, 'stdout')
    expect(drain(reader).text).toBe('whole\n')
    append(dir, 'f')
    expect(drain(reader).text).toBe('')
    expect(drain(reader, true).text).toBe('half')
    reader.close()
  })

  it('gives out a line that is longer than a part', () => {
    const dir = newDir()
    append(dir, 'x'.repeat(PART_BYTES + 10))
    const reader = createLogReader(dir, 'stdout')
    expect(drain(reader).text.length).toBe(PART_BYTES)
    reader.close()
  })

  it('reads what is left of a directory that was deleted', () => {
    const dir = newDir()
    append(dir, 'one\n')
    const reader = createLogReader(dir, 'stdout')
    drain(reader)
    append(dir, 'two\n')
    rmSync(dir, { recursive: true })
    expect(drain(reader, true).text).toBe('two\n')
    reader.close()
  })

  it('takes a file that somebody else cut for one of which lines were dropped', () => {
    const dir = newDir()
    append(dir, 'one\ntwo\n')
    const reader = createLogReader(dir, 'stdout')
    drain(reader)
    writeFileSync(join(dir, 'logs', 'stdout'), 'new\n')
    expect(drain(reader).text).toBe('<gap>\nnew\n')
    reader.close()
  })

  it.each(['', 'x', 'a/b/-1/0', 'a/b/1', '1/2/3/4/5x'])('takes %j for no position', (text) => {
    const position = readPosition(text)
    expect(position === undefined || position.offset >= 0).toBe(true)
  })
})

describe('the last lines', () => {
  it.each(SEEDS)('are the last that were written, over rotated files (seed %d)', (seed) => {
    const random = seededRandom(seed)
    const upTo = (most: number): number => Math.floor(random.float() * (most + 1))
    const lengths = Array.from({ length: upTo(30) }, () => upTo(30))
    const lines = upTo(35)
    const ends = random.float() < 0.5
    const dir = newDir()
    const written = lengths.map((length, i) => `${i}${'.'.repeat(length)}`)
    written.forEach((line, i) => {
      append(dir, i < written.length - 1 || ends ? `${line}\n` : line)
      if (i === Math.floor(written.length / 2)) renamed(dir)
    })
    const reader = createLogReader(dir, 'stdout', tailPosition(logFiles(dir, 'stdout'), lines))
    const text = drain(reader, true).text
    reader.close()
    const wanted = lines === 0 ? [] : written.slice(-lines)
    expect(text.split('\n').filter((line) => line !== '')).toEqual(wanted)
  })
})
