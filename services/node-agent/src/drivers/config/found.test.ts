/** Files are put, remembered and put back while somebody else changes the folders that they lie in. */
import {
  existsSync,
  linkSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { makeDataDir } from '../../testing/node.ts'
import { digestOf, putBack, putFile, remember, removeFolders } from './found.ts'

let dir: string
beforeEach(() => {
  dir = makeDataDir()
  mkdirSync(join(dir, 'etc/app'), { recursive: true })
  mkdirSync(join(dir, 'outside'))
  writeFileSync(join(dir, 'outside/a.conf'), 'a secret', { mode: 0o600 })
  writeFileSync(join(dir, 'staged'), 'wanted')
})
afterEach(() => rmSync(dir, { recursive: true, force: true }))

const at = (path: string): string => join(dir, path)
const attributes = () => ({ mode: 0o644, uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0 })
const PATH = 'etc/app/a.conf'

/** Does `work` again and again, and each time one step later puts a link in the place of `part`. */
const swapEverywhere = async (
  part: string,
  work: (onStep: () => void) => Promise<unknown>,
  look: (came: string) => void,
): Promise<number> => {
  let steps = 0
  for (let n = -1; n < steps; n++) {
    rmSync(at('etc'), { recursive: true, force: true })
    mkdirSync(at('etc/app'), { recursive: true })
    writeFileSync(at(PATH), 'public', { mode: 0o644 })
    let step = 0
    const onStep = (): void => {
      if (step++ !== n) return
      if (existsSync(at(part))) renameSync(at(part), at(`${part}-away`))
      symlinkSync(at(part === PATH ? 'outside/a.conf' : 'outside'), at(part))
    }
    const came = await work(onStep).then(
      () => 'done',
      (error: unknown) => (error as { problem?: { code: string } }).problem?.code ?? String(error),
    )
    look(came)
    steps = Math.max(steps, step)
  }
  return steps
}
const untouched = (): void => {
  expect(readdirSync(at('outside'))).toEqual(['a.conf'])
  expect(readFileSync(at('outside/a.conf'), 'utf8')).toBe('a secret')
  expect(statSync(at('outside/a.conf')).mode & 0o777).toBe(0o600)
}

describe('whoever swaps a folder, or the file, for a link in the middle', () => {
  it.each(['etc/app', PATH])('(%s) does not make a file go elsewhere', async (part) => {
    const put = (onStep: () => void): Promise<void> => putFile(at(PATH), at('staged'), attributes(), 'mark', { onStep })
    const steps = await swapEverywhere(part, put, (came) => {
      untouched()
      expect(['done', 'path_changed']).toContain(came)
    })
    expect(steps).toBeGreaterThan(4)
  })

  it.each(['etc/app', PATH])('(%s) does not have another file remembered as if it were this one', async (part) => {
    const seen = new Set<string>()
    const steps = await swapEverywhere(
      part,
      async (onStep) => {
        const found = await remember(at(PATH), at('memory'), '0', onStep)
        seen.add(found.is === 'file' ? readFileSync(at('memory/0'), 'utf8') : found.is)
      },
      (came) => expect(['done', 'path_changed']).toContain(came),
    )
    expect(steps).toBeGreaterThan(2)
    expect([...seen].filter((what) => !['public', 'link', 'absent'].includes(what))).toEqual([])
    expect(seen).toContain('public')
  })

  it('cannot have the attributes given to another name of a file', async () => {
    const made = at('etc/app/.a.conf.mark')
    let swapped = false
    const onStep = (): void => {
      if (swapped || !existsSync(made)) return
      swapped = true
      rmSync(made)
      linkSync(at('outside/a.conf'), made)
    }
    await putFile(at(PATH), at('staged'), { ...attributes(), mode: 0o666 }, 'mark', { onStep })
    expect(swapped).toBe(true)
    untouched()
  })

  it('keeps what was there from being put back, and says so', async () => {
    const found = { is: 'link', to: 'x' } as const
    renameSync(at('etc/app'), at('etc/away'))
    symlinkSync(at('outside'), at('etc/app'))
    await expect(putBack(at(PATH), found, at('memory'), 'mark')).rejects.toMatchObject({
      problem: { code: 'path_changed', message: expect.stringContaining('leads elsewhere by now') },
    })
    await expect(putBack(at(PATH), { is: 'absent' }, at('memory'), 'mark')).rejects.toThrow('leads elsewhere')
    mkdirSync(at('outside/empty'))
    await removeFolders([at('etc/app/empty')])
    expect(existsSync(at('outside/empty'))).toBe(true)
  })
})

describe('what lies there', () => {
  it('is put back as it was, in folders that are made again', async () => {
    writeFileSync(at(PATH), 'old', { mode: 0o640 })
    const file = await remember(at(PATH), at('memory'), '0')
    rmSync(at('etc'), { recursive: true })
    await putBack(at(PATH), file, at('memory'), 'mark')
    expect([readFileSync(at(PATH), 'utf8'), statSync(at(PATH)).mode & 0o777]).toEqual(['old', 0o640])
    expect(readdirSync(dirname(at(PATH)))).toEqual(['a.conf'])
    await putBack(at(PATH), { is: 'absent' }, at('memory'), 'mark')
    await putBack(at('gone/with/it'), { is: 'absent' }, at('memory'), 'mark')
    expect(existsSync(at(PATH))).toBe(false)
  })

  it('is read as a file only: no link, no folder, and nothing that would be waited for', async () => {
    symlinkSync(at('staged'), at('link'))
    await expect(digestOf(at('link'))).rejects.toThrow('ELOOP')
    await expect(digestOf(at('etc'))).rejects.toThrow('no file')
    await expect(digestOf('/dev/null')).rejects.toThrow('no file')
    await expect(remember(at('etc/app'), at('memory'), '0')).rejects.toMatchObject({ problem: { code: 'not_a_file' } })
  })
})
