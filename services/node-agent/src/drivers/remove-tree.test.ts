/** Folders of tasks are removed whatever is in them, and nothing that lies elsewhere, whatever becomes of them meanwhile. */
import { chmodSync, existsSync, mkdirSync, readdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { makeDataDir } from '../testing/node.ts'
import { removeTree } from './remove-tree.ts'

let dir: string
beforeEach(() => {
  dir = makeDataDir()
  mkdirSync(join(dir, 'outside/b'), { recursive: true })
  writeFileSync(join(dir, 'outside/victim'), '')
  writeFileSync(join(dir, 'outside/b/victim'), '')
})
afterEach(() => rmSync(dir, { recursive: true, force: true }))

const at = (path: string): string => join(dir, path)
const fill = (): void => {
  mkdirSync(at('tree/a/b'), { recursive: true })
  writeFileSync(at('tree/a/b/file'), '')
  writeFileSync(at('tree/file'), '')
  symlinkSync(at('outside'), at('tree/a/link'))
}
const untouched = (): void => {
  expect(readdirSync(at('outside')).toSorted()).toEqual(['b', 'victim'])
  expect(readdirSync(at('outside/b'))).toEqual(['victim'])
}

describe('removing a folder', () => {
  it('takes everything in it, follows no link, and does nothing where there is none', async () => {
    fill()
    mkdirSync(at('tree/read-only'))
    writeFileSync(at('tree/read-only/file'), '')
    chmodSync(at('tree/read-only'), 0o500)
    writeFileSync(Buffer.concat([Buffer.from(at('tree/')), Buffer.from([0xff, 0xfe])]), '')
    mkdirSync(Buffer.concat([Buffer.from(at('tree/')), Buffer.from([0xc3, 0x28])]))
    writeFileSync(at('other'), '')
    await removeTree(at('tree'))
    await removeTree(at('tree'))
    await removeTree(at('not/there'))
    await removeTree(at('other'))
    expect(readdirSync(dir)).toEqual(['outside'])
    untouched()
  })

  it('takes a link in its own place for what it is', async () => {
    symlinkSync(at('outside'), at('tree'))
    await removeTree(at('tree'))
    expect(existsSync(at('tree'))).toBe(false)
    untouched()
  })

  it('comes to the end of what is deeper than any path may be', async () => {
    mkdirSync(at('tree'))
    // Far more than 4,096 characters, which is the longest path.
    let inner = at('tree')
    for (let n = 0; n < 40; n++) {
      const part = Array.from({ length: 15 }, () => 'deep-folder').join('/')
      mkdirSync(join(at('next'), part), { recursive: true })
      writeFileSync(join(at('next'), part, 'file'), '')
      if (n > 0) renameSync(inner, join(at('next'), part, 'inner'))
      renameSync(at('next'), at('tree-next'))
      if (n === 0) rmSync(at('tree'), { recursive: true })
      renameSync(at('tree-next'), at('tree'))
      inner = at('tree')
    }
    // An earlier removal was killed on the way.
    mkdirSync(at('tree/.dunlin-deep-0/x'), { recursive: true })
    await removeTree(at('tree'))
    expect(existsSync(at('tree'))).toBe(false)
  })

  it.each(['tree', 'tree/a', 'tree/a/b'])(
    'does not go elsewhere when %s becomes a link in the middle',
    async (part) => {
      let steps = 0
      for (let n = -1; n < steps; n++) {
        await removeTree(at('tree'))
        for (const name of readdirSync(dir)) if (name.startsWith('away')) await removeTree(at(name))
        fill()
        let step = 0
        const onStep = (): void => {
          if (step++ !== n || !existsSync(at(part))) return
          renameSync(at(part), at('away'))
          symlinkSync(at('outside'), at(part))
        }
        await removeTree(at('tree'), { onStep })
        steps = Math.max(steps, step)
        untouched()
        expect(existsSync(at('tree'))).toBe(false)
      }
      expect(steps).toBeGreaterThan(10)
    },
  )
})
