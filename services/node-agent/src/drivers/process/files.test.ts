/** Files of a task while another process of the same account changes the folders they go into. */
import { sha256 } from '@dunlin/runtime/agent'
import {
  existsSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createArtifacts } from '../../artifacts/fetch.ts'
import { makeDataDir, newId, sh } from '../../testing/node.ts'
import { TaskError, type Task } from '../driver.ts'
import { placeFiles, type Placing } from './files.ts'

let dir: string
let task: Task
beforeEach(() => {
  dir = makeDataDir()
  const execution = newId() as Task['execution']
  const job = { namespace: 'default', name: 'p' }
  task = { execution, job, attempt: 1, content: sh(''), dir: join(dir, 'task'), stateDir: join(dir, 'state') }
  mkdirSync(join(task.dir, 'local'), { recursive: true })
  mkdirSync(join(dir, 'outside'))
  writeFileSync(join(dir, 'outside', 'victim'), 'untouched', { mode: 0o600 })
  writeFileSync(join(dir, 'source'), 'from afar')
})
afterEach(() => rmSync(dir, { recursive: true, force: true }))

const local = (name: string): string => join(task.dir, 'local', name)
const artifact = () => ({ source: pathToFileURL(join(dir, 'source')).href, sha256: sha256('from afar') })
const isRoot = process.getuid?.() === 0
const STRANGER = { uid: 12_345, gid: 12_346, named: false }

const place = (config: object, more: Partial<Placing> = {}): Promise<void> =>
  placeFiles(
    { command: 'true', ...config },
    {
      task,
      control: { signal: new AbortController().signal, onProgress: () => {} },
      artifacts: createArtifacts({
        dir: join(dir, 'artifacts'),
        cacheBytes: 1e6,
        policy: { roots: [dir], allowLinkLocal: false },
      }),
      account: isRoot ? STRANGER : undefined,
      values: {},
      ...more,
    },
  )
const codeOf = async (work: Promise<void>): Promise<string> => {
  const error: unknown = await work.then(() => undefined).catch((reason: unknown) => reason)
  if (error === undefined) return 'placed'
  if (!(error instanceof TaskError)) throw error
  return error.problem.code
}

describe('files of a task', () => {
  it('lie where they shall, with their mode and owner, and leave nothing beside them', async () => {
    await place(
      {
        artifacts: [{ ...artifact(), destination: 'bin/tool', mode: '0755' }],
        files: [
          { path: 'etc/deep/a.conf', content: 'a', mode: '0666' },
          { path: 'b', template: '{{ env.X }}' },
        ],
      },
      { values: { env: { X: 'x' } } },
    )
    expect(['bin/tool', 'etc/deep/a.conf', 'b'].map((name) => readFileSync(local(name), 'utf8'))).toEqual([
      'from afar',
      'a',
      'x',
    ])
    expect(['bin/tool', 'etc/deep/a.conf', 'b'].map((name) => statSync(local(name)).mode & 0o7777)).toEqual([
      0o755, 0o666, 0o600,
    ])
    const uid = isRoot ? STRANGER.uid : process.getuid?.()
    for (const name of ['bin', 'bin/tool', 'etc', 'etc/deep', 'etc/deep/a.conf', 'b'])
      expect(statSync(local(name)).uid).toBe(uid)
    expect(readdirSync(task.dir)).toEqual(['local'])
    expect(readdirSync(local(''))).toHaveLength(3)
  })

  it('replace what an earlier attempt left there, and follow its links only where they stay inside', async () => {
    mkdirSync(local('v1'))
    symlinkSync(local('v1'), local('current'))
    symlinkSync(join(dir, 'outside', 'victim'), local('file'))
    symlinkSync('../../outside', local('out'))
    await place({
      files: [
        { path: 'current/x', content: 'x' },
        { path: 'file', content: 'own' },
      ],
    })
    expect([readFileSync(local('v1/x'), 'utf8'), readFileSync(local('file'), 'utf8')]).toEqual(['x', 'own'])
    expect(await codeOf(place({ files: [{ path: 'out/x', content: 'x' }] }))).toBe('file_refused')
    mkdirSync(local('taken'))
    expect(await codeOf(place({ files: [{ path: 'taken', content: 'x' }] }))).toBe('file_failed')
    expect(readdirSync(join(dir, 'outside'))).toEqual(['victim'])
  })

  it.each(['etc', 'etc/deep', 'etc/deep/victim'])(
    'go nowhere else when %s becomes a link in the middle, at whatever step',
    async (part) => {
      const before = lstatSync(join(dir, 'outside', 'victim'))
      let steps = 0
      // The first time nobody interferes, to know how many steps there are.
      for (let n = -1; n < steps; n++) {
        rmSync(local(''), { recursive: true })
        mkdirSync(local('etc/deep'), { recursive: true })
        let step = 0
        const onStep = (): void => {
          if (step++ !== n) return
          if (existsSync(local(part))) renameSync(local(part), local(`away-${n}`))
          symlinkSync(part.endsWith('victim') ? join(dir, 'outside/victim') : join(dir, 'outside'), local(part))
        }
        const files = [{ path: 'etc/deep/victim', content: 'mine now', mode: '0666' }]
        const artifacts = [{ ...artifact(), destination: 'etc/deep/victim', mode: '0666' }]
        const came = await codeOf(place({ files, artifacts }, { onStep }))
        expect(['placed', 'file_refused']).toContain(came)
        steps = Math.max(steps, step)
        expect(readFileSync(join(dir, 'outside', 'victim'), 'utf8')).toBe('untouched')
        expect(lstatSync(join(dir, 'outside', 'victim'))).toMatchObject({ mode: before.mode, uid: before.uid })
        expect(readdirSync(join(dir, 'outside'))).toEqual(['victim'])
      }
      expect(steps).toBeGreaterThan(4)
    },
  )
})
