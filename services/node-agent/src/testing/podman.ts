/**
 * A real engine for tests: Podman with storage, runtime folder and socket of its own, or the reason why there is none.
 * Nothing of the host's own containers is touched, and no registry is needed: the image is made of busybox.
 */
import { execFile, spawn, type ChildProcess } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { answering, find, makeImage, type Started } from './engine-parts.ts'

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

export const startPodman = async (): Promise<Started> => {
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
    await answering(socket)
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
