/** A Docker of a test's own: its daemon with data, socket and containerd apart from those of the host. */
import { execFile, spawn, type ChildProcess } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { answering, find, makeImage, type Started } from './engine-parts.ts'

const run = promisify(execFile)
const IMAGE = 'localhost/dunlin-test:1'

export const startDocker = async (): Promise<Started> => {
  const [dockerd, docker, busybox] = [find('dockerd'), find('docker'), find('busybox')]
  if (dockerd === undefined || docker === undefined) return { missing: 'docker and dockerd are not installed' }
  if (busybox === undefined) return { missing: 'busybox is not installed, of which the image is made' }
  if (process.getuid?.() !== 0) return { missing: 'dockerd is tried as root only' }
  const folder = mkdtempSync(join(tmpdir(), 'dd-'))
  const socket = join(folder, 's')
  const own = [
    '--data-root',
    join(folder, 'root'),
    '--exec-root',
    join(folder, 'exec'),
    '--pidfile',
    join(folder, 'pid'),
  ]
  const serving = ['--host', `unix://${socket}`, '--live-restore', '--log-level', 'error']
  // The host's own network is left alone; containers of tests use none.
  const apart = ['--iptables=false', '--bridge=none', '--default-ulimit', 'nofile=4096:4096']
  let daemon: ChildProcess | undefined
  const serve = async (): Promise<void> => {
    rmSync(socket, { force: true })
    rmSync(join(folder, 'pid'), { force: true })
    daemon = spawn(dockerd, [...own, ...serving, ...apart], { stdio: 'ignore' })
    await answering(socket)
  }
  const end = async (signal: NodeJS.Signals): Promise<void> => {
    const ended = daemon
    daemon = undefined
    if (!ended || ended.exitCode !== null) return
    const exit = new Promise((resolve) => ended.once('exit', resolve))
    ended.kill(signal)
    await exit
  }
  const engine = (...args: string[]) => run(docker, ['--host', `unix://${socket}`, ...args], { timeout: 30_000 })
  const stop = async (): Promise<void> => {
    const { stdout } = await engine('ps', '-aq').catch(() => ({ stdout: '' }))
    for (const id of stdout.split('\n').filter((line) => line !== '')) await engine('rm', '-f', id).catch(() => {})
    await end('SIGTERM')
    // The daemon mounts its data on itself, and leaves it so.
    await run('umount', ['--lazy', '--recursive', join(folder, 'root')]).catch(() => {})
    rmSync(folder, { recursive: true, force: true })
  }
  try {
    await serve()
    await engine('import', await makeImage(folder, busybox), IMAGE)
    await engine('run', '--rm', '--network', 'none', IMAGE, '/bin/true')
  } catch (error) {
    await stop()
    return { missing: `docker does not run a container here: ${String(error).slice(-300)}` }
  }
  return {
    socket,
    image: IMAGE,
    // With SIGKILL its containerd dies as well, and takes longer to come back than a test may.
    kill: () => end('SIGTERM'),
    restart: serve,
    stop,
  }
}
