// Builds the pinned version with the machine's own Go. Go checks the sources against its public checksum database.
import { join } from 'node:path'
import { addToCache } from '../cache.ts'
import { NATS_SERVER_VERSION } from '../version.ts'
import { runCommand } from './run-command.ts'

/** What the pinned version's go.mod asks for. */
const OLDEST_GO = [1, 26] as const

/** `go version go1.26.8 linux/amd64` -> whether it can build the pinned server. */
export function goCanBuild(goVersion: string): boolean {
  const match = /\bgo(\d+)\.(\d+)/.exec(goVersion)
  if (match === null) return false
  const [major, minor] = [Number(match[1]), Number(match[2])]
  return major > OLDEST_GO[0] || (major === OLDEST_GO[0] && minor >= OLDEST_GO[1])
}

export async function goInstall(
  dir: string,
  env: Readonly<Record<string, string | undefined>>,
  say: (line: string) => void,
): Promise<{ path: string } | { problem: string }> {
  const version = await runCommand('go', ['version'], { timeoutMs: 10_000, env })
  if (!version.ok) return { problem: 'no Go here' }
  if (!goCanBuild(version.output)) return { problem: `${version.output.trim()}; it needs ${OLDEST_GO.join('.')}` }
  return addToCache(dir, async (workDir) => {
    say(`go install: building v${NATS_SERVER_VERSION} (about 30 s)`)
    const built = await runCommand('go', ['install', `github.com/nats-io/nats-server/v2@v${NATS_SERVER_VERSION}`], {
      timeoutMs: 300_000,
      // GOOS and GOARCH would put a binary for another machine into a folder of their own.
      env: { ...env, GOBIN: workDir, GOOS: undefined, GOARCH: undefined },
      cwd: workDir,
    })
    if (!built.ok) throw new Error(built.problem)
    return join(workDir, 'nats-server')
  })
}
