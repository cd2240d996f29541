/** What tests need of any container engine: an image without a registry, and the patience until a service answers. */
import { execFile } from 'node:child_process'
import { copyFileSync, existsSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { promisify } from 'node:util'
import { bareRequest } from '../drivers/container/bare-request.ts'

export interface TestEngine {
  readonly socket: string
  readonly image: string
  /** Kills the engine's service with -9; containers run on. */
  kill(): Promise<void>
  /** Starts the service again on the same socket and storage. */
  restart(): Promise<void>
  /** Removes all containers and files. */
  stop(): Promise<void>
}

/** An engine, or why there is none. */
export type Started = TestEngine | { readonly missing: string }

const run = promisify(execFile)

export const answering = async (socket: string): Promise<void> => {
  for (let tries = 0; tries < 300; tries++) {
    const answer = await bareRequest({ is: 'socket', path: socket }, 'GET', '/_ping', 1_000).catch(() => undefined)
    if (answer?.status === 200) return
    await delay(100)
  }
  throw new Error(`nothing answers at ${socket}`)
}

/** The path of a tar file with busybox and a few names for it. */
export const makeImage = async (folder: string, busybox: string): Promise<string> => {
  const root = join(folder, 'image')
  for (const part of ['bin', 'etc', 'tmp']) mkdirSync(join(root, part), { recursive: true })
  copyFileSync(busybox, join(root, 'bin', 'busybox'))
  for (const name of ['sh', 'true', 'sleep', 'cat', 'echo', 'seq', 'id', 'yes', 'head', 'wc', 'env'])
    symlinkSync('busybox', join(root, 'bin', name))
  writeFileSync(join(root, 'etc', 'passwd'), 'root:x:0:0:root:/:/bin/sh\nuser:x:1000:1000:user:/:/bin/sh\n')
  writeFileSync(join(root, 'etc', 'group'), 'root:x:0:\nuser:x:1000:\n')
  const tar = join(folder, 'image.tar')
  await run('tar', ['-C', root, '-cf', tar, '.'])
  return tar
}

export const find = (name: string): string | undefined =>
  (process.env['PATH'] ?? '')
    .split(delimiter)
    .map((folder) => join(folder, name))
    .find((path) => existsSync(path))
