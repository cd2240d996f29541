// The Node that the project is written for: an npm package of the workspace, so nobody has to install it.
import { execFile } from 'node:child_process'
import { readFileSync, realpathSync } from 'node:fs'
import { join } from 'node:path'
import { SetupError } from './progress.mjs'

/** What these set-up files and pnpm itself need. */
const oldestHost = 20

export function assertHostNode(version = process.versions.node) {
  if (Number(version.split('.')[0]) >= oldestHost) return
  throw new SetupError(
    `this is Node ${version}; the set-up needs ${oldestHost} or newer (it fetches the pinned one itself)`,
  )
}

/** The version in pnpm-workspace.yaml, the one place that names it. */
export function pinnedVersion(root) {
  const match = /^nodeVersion: (\d+\.\d+\.\d+)$/m.exec(readFileSync(join(root, 'pnpm-workspace.yaml'), 'utf8'))
  if (match === null) throw new SetupError('pnpm-workspace.yaml names no nodeVersion')
  return match[1]
}

/** @returns the path of the pinned binary, undefined when its package was not installed or its install script not run */
export function pinnedNode(root) {
  try {
    return realpathSync(join(root, 'node_modules', 'node', 'bin', 'node'))
  } catch {
    return undefined
  }
}

/**
 * Asks the binary for its version: when the package's install script was skipped, the link in node_modules/.bin is
 * missing or dangling, and everything would silently run on the host's Node.
 */
export async function assertPinnedNode(root) {
  const wanted = `v${pinnedVersion(root)}`
  const path = pinnedNode(root)
  if (path === undefined) {
    throw new SetupError(`node_modules holds no Node ${wanted}: its install script did not run. ${remedy}`)
  }
  const version = await versionOf(path)
  if (version !== wanted) throw new SetupError(`${path} is ${version}, pinned is ${wanted}. ${remedy}`)
}

const remedy = 'Remove node_modules and run the command again.'

function versionOf(path) {
  return new Promise((resolve) => {
    execFile(path, ['--version'], (error, stdout) => {
      resolve(error === null ? stdout.trim() : `not runnable (${error.message.split('\n')[0]})`)
    })
  })
}
