/**
 * A real engine for tests: Podman with storage, runtime folder and socket of its own, or the reason why there is none.
 * Nothing of the host's own containers is touched, and no registry is needed: the image is made of busybox.
 */
import { execFile, spawn, type ChildProcess } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, copyFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
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

const run = promisify(execFile)
const IMAGE = 'localhost/dunlin-test:1'

/** For machines without systemd, without CAP_SYS_RESOURCE and with control groups of either kind. */
const CONFIG = (runtime: string): string => `
[containers]
default_ulimits = ["nofile=4096:4096","nproc=4096:4096"]
netns = "none"
log_driver = "k8s-file"
[engine]
runtime = "${runtime}"
cgroup_manager = "cgroupfs"
events_logger = "file"
`

export const startTestEngine = async (): Promise<TestEngine | { readonly missing: string }> => {
  const [podman, busybox] = [find('podman'), find('busybox')]
  const runtime = ['runc', 'crun'].find((name) => find(name) !== undefined)
  if (podman === undefined) return { missing: 'podman is not installed' }
  if (runtime === undefined) return { missing: 'neither runc nor crun is installed' }
  if (busybox === undefined) return { missing: 'busybox is not installed, of which the image is made' }
  if (process.getuid?.() !== 0) return { missing: 'podman is tried as root only' }
  // Podman refuses longer paths for its sockets.
  const folder = mkdtempSync(join(tmpdir(), 'dp-'))
  writeFileSync(join(folder, 'containers.conf'), CONFIG(runtime))
  const env = { ...process.env, CONTAINERS_CONF: join(folder, 'containers.conf') }
  const own = ['--root', join(folder, 'root'), '--runroot', join(folder, 'run'), '--log-level', 'error']
  const engine = (...args: string[]) => run(podman, [...own, ...args], { env, timeout: 30_000 })
  const socket = join(folder, 's')
  let service: ChildProcess | undefined
  const serve = async (): Promise<void> => {
    rmSync(socket, { force: true })
    service = spawn(podman, [...own, 'system', 'service', '--time=0', `unix://${socket}`], { env, stdio: 'ignore' })
    for (let tries = 0; tries < 200; tries++) {
      const answer = await bareRequest({ is: 'socket', path: socket }, 'GET', '/_ping', 1_000).catch(() => undefined)
      if (answer?.status === 200) return
      await delay(50)
    }
    throw new Error('podman system service does not answer')
  }
  const kill = async (): Promise<void> => {
    const ended = service
    service = undefined
    if (!ended || ended.exitCode !== null) return
    const exit = new Promise((resolve) => ended.once('exit', resolve))
    ended.kill('SIGKILL')
    await exit
  }
  const stop = async (): Promise<void> => {
    await kill()
    await engine('rm', '--all', '--force', '--time', '0').catch(() => undefined)
    await engine('system', 'reset', '--force').catch(() => undefined)
    rmSync(folder, { recursive: true, force: true })
  }
  try {
    await engine('import', await makeImage(folder, busybox), IMAGE)
    await engine('run', '--rm', IMAGE, '/bin/true')
    await serve()
  } catch (error) {
    await stop()
    const { stderr } = error as { stderr?: string }
    return { missing: `podman does not run a container here: ${(stderr ?? String(error)).trim().slice(-300)}` }
  }
  return { socket, image: IMAGE, kill, restart: serve, stop }
}

const makeImage = async (folder: string, busybox: string): Promise<string> => {
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

const find = (name: string): string | undefined =>
  (process.env['PATH'] ?? '')
    .split(delimiter)
    .map((folder) => join(folder, name))
    .find((path) => existsSync(path))
