/** The real command, as a person or a script runs it. */
import { spawn } from 'node:child_process'
import { join } from 'node:path'

interface Ended {
  readonly code: number | null
  readonly out: string
  readonly err: string
}

interface RunOptions {
  /** Address of the API. */
  readonly server: string
  /** Interrupted as by Ctrl-C when this has come out. */
  readonly until?: string
}

const root = join(import.meta.dirname, '..', '..')
const bin = join(root, 'packages/cli/bin/dunlin.js')

export const runDunlin = (args: readonly string[], { server, until = '' }: RunOptions): Promise<Ended> =>
  new Promise((resolve, reject) => {
    const env = { PATH: process.env['PATH'] ?? '', DUNLIN_SERVER: server, USER: 'ana' }
    const child = spawn(process.execPath, [bin, ...args], { cwd: root, env, stdio: ['ignore', 'pipe', 'pipe'] })
    let out = ''
    let err = ''
    let interrupted = false
    child.stdout.on('data', (chunk: Buffer) => {
      out += chunk.toString()
      // Once: a second Ctrl-C kills, and then there is no exit code to look at.
      if (until === '' || interrupted || !out.includes(until)) return
      interrupted = true
      child.kill('SIGINT')
    })
    child.stderr.on('data', (chunk: Buffer) => (err += chunk.toString()))
    child.on('error', reject)
    child.on('close', (code) => resolve({ code, out, err }))
  })
