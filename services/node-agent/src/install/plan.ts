/** What an installation consists of: steps that say what they do, know whether it is done, and do it. Twice is as once. */
import { existsSync } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { readText } from '../drivers/task-dir.ts'
import { AGENT_VERSION } from '../host.ts'
import { LAUNCHER } from '../update/launcher.ts'
import { giveAll, makePrivate, modeOf, replace, type Ids } from './files.ts'
import type { InstallFlags } from './install-flags.ts'
import { installSlot, isInstalled } from './slot.ts'
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
  /** Between any two changes; a test stops there, as a cut of the power would. */
  readonly onStep?: () => void
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
  const give = (path: string): void => {
    const ids = owner()
    if (ids !== undefined && process.getuid?.() === 0) giveAll(path, ids)
  }
  const { onStep = () => {} } = machine
  const steps: Step[] = [
    {
      say: `the user ${user} is there`,
      isDone: () => owner() !== undefined,
      act: async () => machine.run('useradd', userArgs(flags)),
    },
    {
      say: `${flags.dataDir} belongs to ${user} alone`,
      isDone: () => [0o700, 0o711].includes(modeOf(dataDir, owner()) ?? 0),
      act: async () => {
        await makePrivate(dataDir)
        onStep()
        give(dataDir)
      },
    },
    {
      say: `version ${AGENT_VERSION} of the agent lies in its slot and is in use`,
      isDone: () => isInstalled(home, bundle, owner()),
      act: () => installSlot({ home, bundle, give, onStep }),
    },
    {
      say: 'its launcher is the one of this version',
      isDone: () => readText(join(home, 'launch')) === LAUNCHER && modeOf(join(home, 'launch'), owner()) === 0o755,
      act: async () => {
        await replace(join(home, 'launch'), LAUNCHER, 0o755)
        onStep()
        give(join(home, 'launch'))
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
