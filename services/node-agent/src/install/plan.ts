/** What an installation consists of: steps that say what they do, know whether it is done, and do it. Twice is as once. */
import { existsSync, statSync } from 'node:fs'
import { chmod, lchown, mkdir, readdir, rename, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { readText } from '../drivers/task-dir.ts'
import { AGENT_VERSION } from '../host.ts'
import { LAUNCHER } from '../update/launcher.ts'
import { currentVersion, isSlotOf, makeSlotOf, switchTo } from '../update/slots.ts'
import type { InstallFlags } from './install-flags.ts'
import { unitText } from './unit.ts'

export interface Step {
  readonly say: string
  readonly isDone: () => boolean
  readonly act: () => Promise<void>
}

/** Commands of the machine; a test hands in its own. */
export interface Machine {
  run(
    command: string,
    args: readonly string[],
    options?: { readonly as?: Ids; readonly env?: Record<string, string> },
  ): void
}
export interface Ids {
  readonly uid: number
  readonly gid: number
}

export const UNIT = 'dunlin-agent.service'
const homeOf = (dataDir: string): string => join(dataDir, 'agent')

export const unitOf = (flags: InstallFlags): string =>
  unitText({
    user: flags.user,
    dataDir: flags.dataDir,
    home: homeOf(flags.dataDir),
    nodePath: flags.nodePath,
    flags: flags.agentArgs,
    writable: flags.agent.configRoots,
  })

const idsIn = (root: string, user: string): Ids | undefined => {
  const line = readText(join(root, '/etc/passwd'))
    ?.split('\n')
    .find((one) => one.startsWith(`${user}:`))
  const [, , uid, gid] = line?.split(':') ?? []
  return uid === undefined || gid === undefined ? undefined : { uid: Number(uid), gid: Number(gid) }
}

export const installSteps = (flags: InstallFlags, machine: Machine): Step[] => {
  const { root, user, bundle, server, token } = flags
  const dataDir = join(root, flags.dataDir)
  const home = homeOf(dataDir)
  const unitFile = join(root, '/etc/systemd/system', UNIT)
  const owner = (): Ids | undefined => idsIn(root, user)
  const give = async (path: string): Promise<void> => {
    const ids = owner()
    if (ids !== undefined && process.getuid?.() === 0) await giveAll(path, ids)
  }
  const steps: Step[] = [
    {
      say: `the user ${user} is there`,
      isDone: () => owner() !== undefined,
      act: async () => machine.run('useradd', userArgs(flags)),
    },
    {
      say: `${flags.dataDir} belongs to ${user} alone`,
      isDone: () => modeOf(dataDir, owner()) === 0o700,
      act: async () => {
        await mkdir(dataDir, { recursive: true, mode: 0o700 })
        await chmod(dataDir, 0o700)
        await give(dataDir)
      },
    },
    {
      say: `version ${AGENT_VERSION} of the agent lies in its slot and is in use`,
      isDone: () => isSlotOf(home, currentVersion(home), bundle),
      act: async () => {
        await makeSlotOf(home, AGENT_VERSION, bundle)
        await switchTo(home, AGENT_VERSION)
        await give(home)
      },
    },
    {
      say: 'its launcher is the one of this version',
      isDone: () => readText(join(home, 'launch')) === LAUNCHER,
      act: async () => {
        await replace(join(home, 'launch'), LAUNCHER, 0o755)
        await give(join(home, 'launch'))
      },
    },
    ...(server === undefined || token === undefined ? [] : [joinStep(flags, machine, owner)]),
    {
      say: `${UNIT} is written`,
      isDone: () => readText(unitFile) === unitOf(flags),
      act: async () => {
        await mkdir(dirname(unitFile), { recursive: true })
        await replace(unitFile, unitOf(flags), 0o644)
      },
    },
  ]
  if (root === '') steps.push(startStep(machine))
  return steps
}

const userArgs = ({ root, user, dataDir }: InstallFlags): string[] => [
  ...(root === '' ? [] : ['--root', root]),
  '--system',
  '--user-group',
  '--no-create-home',
  '--home-dir',
  dataDir,
  '--shell',
  '/usr/sbin/nologin',
  user,
]

/** As the agent's user: its key must be its own. The token is in no list of processes. */
const joinStep = (
  { root, dataDir, server = '', token = '', nodePath }: InstallFlags,
  machine: Machine,
  owner: () => Ids | undefined,
): Step => ({
  say: `the node has joined ${server}`,
  isDone: () => existsSync(join(root, dataDir, 'credentials', 'membership.json')),
  act: async () => {
    const ids = owner()
    machine.run(
      nodePath,
      [
        join(homeOf(join(root, dataDir)), 'current', 'agent.mjs'),
        'join',
        '--server',
        server,
        '--data-dir',
        join(root, dataDir),
        '--no-wait',
      ],
      { env: { DUNLIN_JOIN_TOKEN: token }, ...(ids && process.getuid?.() === 0 ? { as: ids } : {}) },
    )
  },
})

const startStep = (machine: Machine): Step => ({
  say: 'the service is enabled and started',
  isDone: () => false,
  act: async () => {
    if (!existsSync('/run/systemd/system')) {
      process.stderr.write(`systemd does not run here: start the service yourself, as ${UNIT} says\n`)
      return
    }
    machine.run('systemctl', ['daemon-reload'])
    machine.run('systemctl', ['enable', UNIT])
    // Not a bare start: an agent that runs shall run what was just installed. Its tasks do not notice.
    machine.run('systemctl', ['restart', UNIT])
  },
})

const modeOf = (path: string, owner: Ids | undefined): number | undefined => {
  try {
    const stat = statSync(path)
    const isOwned = owner === undefined || process.getuid?.() !== 0 || stat.uid === owner.uid
    return isOwned ? stat.mode & 0o777 : undefined
  } catch {
    return undefined
  }
}

/** Written whole or not at all; the service may be reading it. */
const replace = async (path: string, text: string, mode: number): Promise<void> => {
  await writeFile(`${path}.new`, text, { mode })
  await chmod(`${path}.new`, mode)
  await rename(`${path}.new`, path)
}

const giveAll = async (path: string, { uid, gid }: Ids): Promise<void> => {
  await lchown(path, uid, gid)
  if (statSync(path, { throwIfNoEntry: false })?.isDirectory() !== true) return
  for (const entry of await readdir(path, { withFileTypes: true }))
    if (entry.isDirectory()) await giveAll(join(path, entry.name), { uid, gid })
    else await lchown(join(path, entry.name), uid, gid)
}
