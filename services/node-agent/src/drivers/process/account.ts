/** Whom a job runs as: names and numbers of config.user and config.group, and whether this agent may become them. */
import { chmodSync, chownSync, lstatSync, readdirSync, statSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { TaskError } from '../driver.ts'
import { readText } from '../task-dir.ts'

export interface Account {
  readonly uid: number
  readonly gid: number
  /** Its entry of the user database tells further groups. */
  readonly named: boolean
}

interface Wanted {
  readonly user?: string | undefined
  readonly group?: string | undefined
}

/** Undefined when the agent's own account is meant. Throws a permanent `TaskError` for accounts that are not there. */
export const accountOf = ({ user, group }: Wanted): Account | undefined => {
  if (user === undefined && group === undefined) return undefined
  const own = { uid: process.getuid?.() ?? -1, gid: process.getgid?.() ?? -1 }
  const line = user === undefined ? [] : lineOf('/etc/passwd', user)
  if (user !== undefined && line.length === 0 && !isNumber(user))
    throw refused('unknown_user', `There is no user "${user}"`)
  const uid = user === undefined ? own.uid : Number(line[2] ?? user)
  const groupLine = group === undefined ? [] : lineOf('/etc/group', group)
  if (group !== undefined && groupLine.length === 0 && !isNumber(group))
    throw refused('unknown_user', `There is no group "${group}"`)
  const gid =
    group === undefined ? Number(line[3] ?? (user === undefined ? own.gid : uid)) : Number(groupLine[2] ?? group)
  if (uid === own.uid && gid === own.gid) return undefined
  if (own.uid !== 0)
    throw refused('user_refused', `The agent runs as user ${own.uid} and cannot start a process as ${uid}:${gid}`)
  return { uid, gid, named: line.length > 0 }
}

const isNumber = (text: string): boolean => /^\d+$/.test(text)

/** By name first, then by number: the database knows the groups of both. */
const lineOf = (file: string, name: string): readonly string[] => {
  const lines = (readText(file) ?? '').split('\n').map((line) => line.split(':'))
  return lines.find(([first]) => first === name) ?? lines.find(([, , id]) => id === name && isNumber(name)) ?? []
}

const refused = (code: string, message: string): TaskError =>
  new TaskError({ code, message: `${message} on this node.`, hint: 'Set config.user, or choose other nodes.' }, true)

/** Lets an account reach and write its directories, and nothing else of the agent's. `dir` is a task's directory. */
export const giveFolders = (dir: string, stateDir: string, account: Account): void => {
  const { uid, gid } = account
  for (const folder of [join(dir, 'local'), join(dir, 'tmp'), stateDir]) chownSync(folder, uid, gid)
  const tasks = dirname(dir)
  const dataDir = dirname(tasks)
  mustReach(dirname(dataDir), account)
  for (const folder of [dir, tasks, dirname(stateDir), dataDir]) chmodSync(folder, 0o711)
  // The way through the data directory is open now: its files must not be.
  for (const name of readdirSync(dataDir)) {
    const path = join(dataDir, name)
    const stat = lstatSync(path)
    if (stat.isFile() && (stat.mode & 0o077) !== 0) chmodSync(path, stat.mode & 0o700)
  }
}

/** What lies above the data directory is the operator's and is not changed: a closed folder there is an error. */
const mustReach = (folder: string, account: Account): void => {
  const { uid, gid } = account
  const { mode, uid: owner, gid: group } = statSync(folder)
  const bit = owner === uid ? 0o100 : group === gid ? 0o010 : 0o001
  if ((mode & bit) === 0)
    throw new TaskError(
      {
        code: 'user_refused',
        message: `User ${uid} cannot reach the agent's data directory: ${folder} is closed to it.`,
        hint: `Open the way with chmod o+x ${folder}, or give the agent another --data-dir.`,
      },
      true,
    )
  if (dirname(folder) !== folder) mustReach(dirname(folder), account)
}
