/** Names of users and groups as ids, from the files of this machine. */
import type { ConfigFile } from '@dunlin/contracts/agent'
import { TaskError } from '../driver.ts'
import { readText } from '../task-dir.ts'

const idIn = (file: string, name: string): number | undefined => {
  if (/^\d+$/.test(name)) return Number(name)
  const line = readText(file)
    ?.split('\n')
    .find((one) => one.startsWith(`${name}:`))
  const id = Number(line?.split(':')[2])
  return Number.isSafeInteger(id) && line !== undefined ? id : undefined
}

const need = (id: number | undefined, what: string, name: string): number => {
  if (id !== undefined) return id
  throw new TaskError(
    {
      code: 'unknown_owner',
      message: `There is no ${what} "${name}" on this node.`,
      hint: 'Only /etc/passwd and /etc/group are read; an id in digits works without them.',
    },
    true,
  )
}

/** Undefined parts were not asked for. Throws a permanent `TaskError` for a name that is not known. */
export const idsOf = ({ owner, group }: ConfigFile): { readonly uid?: number; readonly gid?: number } => ({
  ...(owner === undefined ? {} : { uid: need(idIn('/etc/passwd', owner), 'user', owner) }),
  ...(group === undefined ? {} : { gid: need(idIn('/etc/group', group), 'group', group) }),
})
