// Which nats-server the project fetches by itself, and which ones it accepts when somebody brings his own.
import { execFile } from 'node:child_process'

/** The version that is fetched where none is installed. */
export const NATS_SERVER_VERSION = '2.14.9'

/** The floor: Debian 12's package is 2.9.10. Below it the JetStream client refuses to work. */
const OLDEST_SUPPORTED = [2, 9] as const

/** `2.9.10` -> [2, 9, 10]; undefined when the text is no version. */
function parseVersion(text: string): readonly [number, number, number] | undefined {
  const match = /(\d+)\.(\d+)\.(\d+)/.exec(text)
  if (match === null) return undefined
  return [Number(match[1]), Number(match[2]), Number(match[3])]
}

/** True when `version` is at least `major.minor`. */
export function atLeast(version: string, [major, minor]: readonly [number, number]): boolean {
  const parsed = parseVersion(version)
  if (parsed === undefined) return false
  return parsed[0] > major || (parsed[0] === major && parsed[1] >= minor)
}

/**
 * Asks a binary for its version.
 * @returns the version, or the reason why this binary cannot be used
 */
export function probeBinary(path: string): Promise<{ version: string } | { problem: string }> {
  return new Promise((resolve) => {
    execFile(path, ['--version'], { timeout: 10_000 }, (error, stdout) => {
      if (error !== null) return resolve({ problem: error.message.split('\n')[0] ?? 'does not run' })
      const version = parseVersion(stdout)?.join('.')
      if (version === undefined || !stdout.includes('nats-server')) return resolve({ problem: 'is not a nats-server' })
      if (!atLeast(version, OLDEST_SUPPORTED)) {
        return resolve({ problem: `is version ${version}; ${OLDEST_SUPPORTED.join('.')} is the oldest that works` })
      }
      resolve({ version })
    })
  })
}
