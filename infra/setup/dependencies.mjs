// Brings node_modules in line with the lockfile, with pnpm, and does nothing when it is already.
import { spawn, spawnSync } from 'node:child_process'
import { withLock } from './lock.mjs'
import { untilEnd } from './pass-signals.mjs'
import { assertPinnedNode } from './pinned-node.mjs'
import { say, SetupError, step } from './progress.mjs'
import { isUpToDate, leaveStamp } from './stamp.mjs'

/** Used where no pnpm of the same major version is installed. */
const pnpmVersion = '12.21.0'

export async function ensureDependencies(root) {
  if (isUpToDate(root)) return
  await withLock(root, async () => {
    // Somebody else may have installed while this one waited for the lock.
    if (isUpToDate(root)) return
    const pnpm = findPnpm()
    await step(`installing dependencies and the pinned Node (${pnpm.label})`, () => install(root, pnpm))
    await assertPinnedNode(root)
    leaveStamp(root)
  })
}

function findPnpm() {
  const onPath = spawnSync('pnpm', ['--version'], { encoding: 'utf8', cwd: '/' })
  const version = onPath.status === 0 ? onPath.stdout.trim() : undefined
  if (version?.split('.')[0] === pnpmVersion.split('.')[0]) return { label: `pnpm ${version}`, argv: ['pnpm'] }
  const why = version === undefined ? 'pnpm is not installed' : `pnpm ${version} is another major version`
  say(`${why}: npx fetches ${pnpmVersion}`)
  return { label: `pnpm ${pnpmVersion} by npx`, argv: ['npx', '--yes', `pnpm@${pnpmVersion}`] }
}

async function install(root, pnpm) {
  const [command, ...first] = pnpm.argv
  const args = [
    ...first,
    'install',
    '--frozen-lockfile',
    '--reporter=append-only',
    // Without a terminal pnpm would refuse to replace a node_modules that it finds unfit.
    '--config.confirmModulesPurge=false',
  ]
  // Both of its streams go to stderr: stdout belongs to the command that runs afterwards.
  const child = spawn(command, args, { cwd: root, stdio: ['ignore', 2, 2], env: installEnv() })
  const { code, signal } = await untilEnd(child).catch((error) => {
    throw new SetupError(`${command} does not run: ${error.message}`)
  })
  if (code !== 0) {
    throw new SetupError(`pnpm install failed (${signal ?? `exit code ${code}`}); its own words are above`)
  }
}

// npm hands its settings down as npm_config_*; pnpm and the npx below it must not take them for their own.
function installEnv() {
  const kept = new Set(['npm_config_registry', 'npm_config_cache', 'npm_config_userconfig', 'npm_config_globalconfig'])
  return Object.fromEntries(
    Object.entries(process.env).filter(
      ([key]) => !key.toLowerCase().startsWith('npm_config_') || kept.has(key.toLowerCase()),
    ),
  )
}
