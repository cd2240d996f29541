import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { reapGroups } from './backend.ts'
import { ownFolders } from './own-folders.ts'
import { endTaskGroup, outOfMemory, readTaskGroup, saveTaskGroup } from './task-group.ts'
import { v2Backend } from './v2.ts'

let root: string
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'dunlin-groups-'))
})
afterEach(() => rmSync(root, { recursive: true, force: true }))

describe('where the agent stands', () => {
  it('on a hybrid machine: one folder per controller, and one in the unified tree', () => {
    const found = ownFolders(
      '9:name=systemd:/\n4:memory:/agents/7\n2:cpu,cpuacct:/\n0::/\n',
      [
        '30 24 0:26 / /sys/fs/cgroup/memory rw,relatime - cgroup cgroup rw,memory',
        '31 24 0:27 / /sys/fs/cgroup/cpu,cpuacct rw,relatime - cgroup cgroup rw,cpu,cpuacct',
        '32 24 0:28 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw',
        '33 24 0:29 / /proc rw - proc proc rw',
      ].join('\n'),
    )
    expect(found.v2).toBe('/sys/fs/cgroup/unified/')
    expect(found.v1.get('memory')).toBe('/sys/fs/cgroup/memory/agents/7')
    expect(found.v1.get('cpu')).toBe('/sys/fs/cgroup/cpu,cpuacct/')
    expect(found.v1.get('pids')).toBeUndefined()
  })
  it('in a container that sees only a part of the tree', () => {
    const found = ownFolders('0::/docker/abc/inner\n', '1 2 0:1 /docker/abc /sys/fs/c\\040g rw - cgroup2 cgroup rw')
    expect(found.v2).toBe('/sys/fs/c g/inner')
  })
})

/** As the kernel would show it, as far as the backend looks. */
const fakeGroup = (folder: string, controllers: string, pids: readonly number[]): void => {
  mkdirSync(folder, { recursive: true })
  writeFileSync(join(folder, 'cgroup.type'), 'domain\n')
  writeFileSync(join(folder, 'cgroup.controllers'), `${controllers}\n`)
  writeFileSync(join(folder, 'cgroup.subtree_control'), '')
  writeFileSync(join(folder, 'cgroup.procs'), pids.map((pid) => `${pid}\n`).join(''))
}

describe('version 2', () => {
  const read = (...path: string[]): string => readFileSync(join(root, ...path), 'utf8')

  it('moves the agent into a leaf, hands controllers on, and writes the limits', async () => {
    fakeGroup(root, 'cpu memory pids', [10, 11])
    fakeGroup(join(root, 'd'), 'cpu memory pids', [])
    mkdirSync(join(root, 'd', 'x.1'))
    for (const file of ['memory.max', 'memory.swap.max', 'cpu.max', 'pids.max'])
      writeFileSync(join(root, 'd', 'x.1', file), '')
    const backend = v2Backend(root, new Set([10, 11]), 'd')
    expect([...backend.enforces].toSorted()).toEqual(['cpus', 'memory', 'pids'])
    expect(read('agent', 'cgroup.procs')).toBe('11')
    const group = await backend.create('x.1', 1, { memory: 1024, cpus: 0.5, pids: 7 })
    expect([read('d', 'x.1', 'memory.max'), read('d', 'x.1', 'cpu.max'), read('d', 'x.1', 'pids.max')]).toEqual([
      '1024',
      '50000 100000',
      '7',
    ])
    expect(group).toMatchObject({ tree: join(root, 'd', 'x.1'), memoryBytes: 1024 })
  })
  it.each([
    ['with strangers in its group', '', [10, 99], 'Delegate=yes'],
    ['as a service that systemd could not start again beside its tasks', 'x.service', [10], 'DelegateSubgroup=agent'],
    ['without controllers', '', [10], 'No controller'],
  ])('%s it moves nobody and limits nothing, contains all the same, and says why', (what, unit, pids, reason) => {
    const own = join(root, unit)
    fakeGroup(own, what === 'without controllers' ? 'io' : 'cpu memory', pids)
    fakeGroup(join(own, 'd'), '', [])
    const backend = v2Backend(own, new Set([10]), 'd')
    expect(backend).toMatchObject({ kind: 'v2', contains: true, reason: expect.stringContaining(reason) as string })
    expect([...backend.enforces]).toEqual([])
    expect(existsSync(join(own, 'agent'))).toBe(false)
  })
  it('in a leaf of its own, which a service may give it, it hands on beside it', () => {
    fakeGroup(join(root, 'x.service'), 'cpu memory pids', [])
    fakeGroup(join(root, 'x.service', 'd'), 'cpu memory pids', [])
    const backend = v2Backend(join(root, 'x.service', 'agent'), new Set([10]), 'd')
    expect([...backend.enforces].toSorted()).toEqual(['cpus', 'memory', 'pids'])
  })
  it('says which controllers it was not handed', () => {
    fakeGroup(root, 'memory', [10])
    fakeGroup(join(root, 'd'), 'memory', [])
    expect(v2Backend(root, new Set([10]), 'd')).toMatchObject({
      reason: expect.stringContaining('cpus, pids') as string,
    })
  })
})

describe('the group of an attempt', () => {
  it('leaves behind whether memory ran out', async () => {
    const folder = join(root, 'g')
    mkdirSync(folder)
    writeFileSync(join(root, 'events'), 'low 0\noom 3\noom_kill 2\n')
    saveTaskGroup(root, { attempt: 4, join: [folder], oomFile: join(root, 'events'), memoryBytes: 5 })
    expect(outOfMemory(root, 4)).toEqual({ kills: 2, memoryBytes: 5 })
    const group = readTaskGroup(root)
    if (group) await endTaskGroup(root, group)
    rmSync(join(root, 'events'))
    expect(existsSync(folder)).toBe(false)
    expect(outOfMemory(root, 4)).toEqual({ kills: 2, memoryBytes: 5 })
    expect(outOfMemory(root, 5)).toBeUndefined()
  })
  it('is reaped when nobody knows its attempt any more', async () => {
    const tasks = join(root, 'tasks')
    for (const name of ['gone.1', 'kept.2', 'kept.1']) mkdirSync(join(root, 'base', name), { recursive: true })
    mkdirSync(join(tasks, 'kept'), { recursive: true })
    saveTaskGroup(join(tasks, 'kept'), { attempt: 2, join: [] })
    await reapGroups(join(root, 'base'), tasks)
    expect(['gone.1', 'kept.1', 'kept.2'].filter((name) => existsSync(join(root, 'base', name)))).toEqual(['kept.2'])
  })
})
