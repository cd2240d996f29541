/** Somebody else changes the folders while they are walked: at every step, by turns. */
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readlinkSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { makeDataDir } from '../testing/node.ts'
import { holdFolder, WayRefused, type Way } from './held-folder.ts'

let dir: string
let root: string
let outside: string

beforeEach(() => {
  dir = makeDataDir()
  root = join(dir, 'root')
  outside = join(dir, 'outside')
  mkdirSync(join(root, 'a/b'), { recursive: true })
  mkdirSync(join(outside, 'b'), { recursive: true })
})
afterEach(() => rmSync(dir, { recursive: true, force: true }))

const write = (way: string, how: Partial<Way> = {}, name = 'file'): void => {
  const folder = holdFolder(root, way, { links: 'inside', ...how })
  try {
    how.onStep?.()
    writeFileSync(folder.at(name), 'x', { flag: 'wx' })
    folder.sync()
  } finally {
    folder.close()
  }
}
const isThere = (path: string): boolean => existsSync(join(dir, path))
const openDescriptors = (): number => readdirSync('/proc/self/fd').length

describe('a way', () => {
  it('is followed to its end, and made where that is asked for', () => {
    write('a/b')
    write('./a//new/er', { make: { mode: 0o750 } })
    write('')
    expect(['root/a/b/file', 'root/a/new/er/file', 'root/file'].map(isThere)).toEqual([true, true, true])
    expect(statSync(join(root, 'a/new')).mode & 0o777).toBe(0o750)
    expect(() => write('a/absent')).toThrow('ENOENT')
    writeFileSync(join(root, 'plain'), '')
    expect(() => write('plain/x', { make: { mode: 0o755 } })).toThrow('ENOTDIR')
  })

  it.skipIf(process.getuid?.() !== 0)('gives what it makes, and nothing else, to an owner', () => {
    write('a/new/er', { make: { mode: 0o755, owner: { uid: 12_345, gid: 12_346 } } })
    const owners = ['a', 'a/new', 'a/new/er'].map((part) => statSync(join(root, part)).uid)
    expect(owners).toEqual([process.getuid?.(), 12_345, 12_345])
  })

  it('may have links in it that stay inside, however they are written', () => {
    symlinkSync('a', join(root, 'near'))
    symlinkSync(join(root, 'a/b'), join(root, 'whole'))
    symlinkSync('../../near/b', join(root, 'a/b/around'))
    write('near/b', {}, '1')
    write('whole', {}, '2')
    write('whole/around/../b', {}, '3')
    expect(readdirSync(join(root, 'a/b')).toSorted()).toEqual(['1', '2', '3', 'around'])
  })

  it.each([
    ['../outside', 'with dots'],
    ['a/../../outside', 'with dots further on'],
    ['out', 'by a link'],
    ['whole', 'by a whole path'],
    ['a/up', 'by a link with dots'],
  ])('to %s may not lead out %s', (way) => {
    symlinkSync('../outside', join(root, 'out'))
    symlinkSync(outside, join(root, 'whole'))
    symlinkSync('../../outside', join(root, 'a/up'))
    expect(() => write(way, { make: { mode: 0o755 } })).toThrow(WayRefused)
    expect(readdirSync(outside)).toEqual(['b'])
  })

  it('ends in an error when it goes round in circles, and where no link is allowed', () => {
    symlinkSync('round', join(root, 'round'))
    expect(() => write('round')).toThrow('does not come to an end')
    symlinkSync('a', join(root, 'near'))
    expect(() => write('near', { links: 'refused' })).toThrow('has a link in it (near)')
  })

  it('leaves nothing open, whatever comes of it', () => {
    symlinkSync('../outside', join(root, 'out'))
    const before = openDescriptors()
    for (const way of ['a/b', 'a/absent', 'out', 'a/../..']) {
      try {
        write(way)
      } catch {
        // Looked at above.
      }
    }
    expect(openDescriptors()).toBe(before)
  })
})

/** Puts a link that leads out in the place of a folder at the n-th step. */
const swapAt = (n: number, part: string, target: string) => {
  let step = 0
  return {
    onStep: () => {
      if (step++ !== n) return
      if (existsSync(join(root, part))) renameSync(join(root, part), join(root, `${part.replaceAll('/', '-')}-away`))
      mkdirSync(dirname(join(root, part)), { recursive: true })
      symlinkSync(target, join(root, part))
    },
    steps: () => step,
  }
}

describe('whoever swaps a folder for a link in the middle', () => {
  it.each([
    ['a', 'a/b', 'outside'],
    ['a/b', 'a/b', 'outside'],
    ['a/new', 'a/new/er', 'outside'],
    ['a/new/er', 'a/new/er', 'outside'],
    ['a/new', 'a/new/er', 'outside/b/not-there'],
  ])('(%s on the way %s, %s) never makes anything appear elsewhere', (part, way, target) => {
    for (const links of ['inside', 'refused'] as const) {
      for (let n = 0; ; n++) {
        rmSync(root, { recursive: true })
        mkdirSync(join(root, 'a/b'), { recursive: true })
        const { onStep, steps } = swapAt(n, part, join(dir, target))
        try {
          write(way, { links, make: { mode: 0o755 }, onStep })
        } catch {
          // Refused, or gone: what counts is where nothing has appeared.
        }
        expect(readdirSync(outside)).toEqual(['b'])
        expect(readdirSync(join(outside, 'b'))).toEqual([])
        if (n >= steps()) break
        expect(readlinkSync(join(root, part))).toBe(join(dir, target))
      }
    }
  })
})
