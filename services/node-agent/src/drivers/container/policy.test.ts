/** What a node lets containers do, where its engine is, and which containers are nobody's. */
import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { addressText, engineAddresses, readAddress } from './engine-address.ts'
import { registryOf } from './image.ts'
import { createOrphans } from './orphans.ts'
import { checkVolumes } from './volumes.ts'

let folder: string
beforeAll(() => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), 'dunlin-volumes-')))
  for (const part of ['open', 'closed', 'open/real', 'open/a:b']) mkdirSync(join(folder, part))
  symlinkSync('real', join(folder, 'open', 'near'))
  symlinkSync('a:b', join(folder, 'open', 'colon'))
  symlinkSync(join(folder, 'closed'), join(folder, 'open', 'link'))
  writeFileSync(join(folder, 'open', 'docker.sock'), '')
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const check = (path: string, allowed = [join(folder, 'open')]): unknown => {
  try {
    return checkVolumes([{ source: path.startsWith('/') ? path : join(folder, path), target: '/x' }], allowed)
  } catch (error) {
    return error
  }
}

describe('volumes', () => {
  it('may lie below what the owner opens', () => {
    expect(check('open')).toEqual([{ source: join(folder, 'open'), target: '/x' }])
    expect(check('/etc', ['/'])).toEqual([{ source: '/etc', target: '/x' }])
  })
  it('are handed to the engine as what they led to when they were judged', () => {
    expect(check('open/near')).toEqual([{ source: join(folder, 'open', 'real'), target: '/x' }])
  })
  it.each(['closed', 'open/link', 'opened', '/', 'open/docker.sock', 'open/colon'])('may not be %s', (path) => {
    expect(check(path)).toMatchObject({ permanent: true, problem: { code: 'path_not_allowed' } })
  })
  it('may not be anything where nothing is opened', () => {
    expect(check('open', [])).toMatchObject({ problem: { hint: expect.stringContaining('--allow-volume') } })
  })
  it('may come later', () => {
    expect(check('open/soon')).toMatchObject({ permanent: false, problem: { code: 'volume_missing' } })
  })
})

describe('the address of an engine', () => {
  it.each(['unix:///run/docker.sock', 'tcp://10.0.0.1:2375', 'tcp://[::1]:2375'])('is read: %s', (text) => {
    expect(addressText(readAddress(text)).replace('//::1', '//[::1]')).toBe(text)
  })
  it.each(['', 'ssh://root@host', 'run/docker.sock', 'unix://'])('is not %j', (text) => {
    expect(() => readAddress(text)).toThrow('unix:///path')
  })
  it('is the given one alone, or what is usual', () => {
    expect(engineAddresses('/x.sock', { DOCKER_HOST: 'tcp://a:1' })).toEqual([{ is: 'socket', path: '/x.sock' }])
    const usual = engineAddresses(undefined, { DOCKER_HOST: 'ssh://host' }, 7).map(addressText)
    expect(usual).toContain('unix:///run/podman/podman.sock')
    expect(usual).toContain('unix:///run/user/7/podman/podman.sock')
    expect(addressText(engineAddresses(undefined, { DOCKER_HOST: 'tcp://a:1' }, 7)[0]!)).toBe('tcp://a:1')
  })
})

it.each([
  ['nginx', 'https://index.docker.io/v1/'],
  ['library/nginx:1', 'https://index.docker.io/v1/'],
  ['registry.example.com/a/b', 'registry.example.com'],
  ['localhost:5000/a', 'localhost:5000'],
  ['localhost/a', 'localhost'],
])('the registry of %s is %s', (image, registry) => {
  expect(registryOf(image)).toBe(registry)
})

describe('containers that no task knows', () => {
  const one = { id: 'a', running: true, labels: {} }
  it('are due when they have been unknown for the whole grace', () => {
    const orphans = createOrphans(100)
    expect(orphans.due([one], () => false, 0)).toEqual([])
    expect(orphans.due([one], () => false, 99)).toEqual([])
    expect(orphans.due([one], () => false, 100)).toEqual([one])
  })
  it('are not when somebody knew them meanwhile', () => {
    const orphans = createOrphans(100)
    orphans.due([one], () => false, 0)
    orphans.due([one], () => true, 50)
    expect(orphans.due([one], () => false, 120)).toEqual([])
  })
})
