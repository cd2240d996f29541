/**
 * An agent as a machine runs it: below its launcher, which the supervisor starts as a service manager would. Who runs is read
 * from /proc.
 */
import { AGENT_VERSION, LAUNCHER, makeSlotOf, switchTo } from '@dunlin/node-agent'
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { endProcess } from './end-process.ts'
import { markedProcesses } from './marked.ts'
import { startMember, type Member, type MemberSpec } from './member.ts'

export interface Agent {
  readonly name: string
  readonly launcher: Member
  /** The agent itself; undefined between two of them. Its launcher may be gone already, and it about to end. */
  agentPid(): number | undefined
  /** Nobody has decided yet about the version that it runs. */
  readonly isOnTrial: () => boolean
  /** A command of the update of the agent or the payload runs on it. */
  readonly isUpdating: (job: 'agent' | 'payload') => boolean
  /** SIGKILL to the agent alone; false when there was none. */
  killAgent(backInMs: number): boolean
}

export interface AgentSpec extends Omit<MemberSpec, 'command' | 'args'> {
  readonly dataDir: string
  readonly flags: readonly string[]
  /** Folder with the bundle that is in use at first. */
  readonly bundle: string
}

export const homeOf = (dataDir: string): string => join(dataDir, 'agent')

export const startLaunched = async (spec: AgentSpec): Promise<Agent> => {
  const { dataDir, flags, bundle } = spec
  const home = homeOf(dataDir)
  const launch = join(home, 'launch')
  mkdirSync(home, { recursive: true })
  await makeSlotOf(home, AGENT_VERSION, bundle)
  await switchTo(home, AGENT_VERSION)
  writeFileSync(launch, LAUNCHER, { mode: 0o755 })
  const launcher = startMember({
    ...spec,
    command: 'setpriv',
    // No launcher outlives this process, however it dies.
    args: () => ['--pdeathsig', 'TERM', launch, home, process.execPath, '--data-dir', dataDir, ...flags],
  })
  const child = (): number | undefined => childrenOf(launcher.pid).find((pid) => isAgent(pid, home))
  const agentPid = (): number | undefined => child() ?? agentsBelow(home)[0]
  return {
    name: spec.name,
    launcher,
    agentPid,
    isOnTrial: () => existsSync(join(home, 'trial')),
    isUpdating: (job) => markedProcesses(dirname(dataDir)).some((one) => one.node === spec.name && one.job === job),
    killAgent: (backInMs) => {
      const pid = agentPid()
      if (pid === undefined) return false
      if (pid === child()) launcher.childKilled(pid, backInMs)
      return endProcess(pid)
    },
  }
}

const text = (path: string): string => {
  try {
    return readFileSync(path, 'latin1')
  } catch {
    return ''
  }
}

const childrenOf = (pid: number | undefined): number[] =>
  text(`/proc/${pid ?? 0}/task/${pid ?? 0}/children`)
    .split(' ')
    .filter((one) => one !== '')
    .map(Number)

const agentFile = (home: string): string => join(home, 'current', 'agent.mjs')
/** An agent that works, not one that only looks at itself ("check"). */
const isAgent = (pid: number, home: string): boolean =>
  text(`/proc/${pid}/cmdline`).includes(`\0${agentFile(home)}\0run\0`)

/** Every agent that runs below a home, whoever started it. */
export const agentsBelow = (home: string): readonly number[] =>
  readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && isAgent(Number(name), home))
    .map(Number)
