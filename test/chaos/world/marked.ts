/**
 * The processes of tasks, found without asking Dunlin: by the home directory in their environment, which every task has
 * below its node's folder and every child of it inherits.
 */
import { readdirSync, readFileSync } from 'node:fs'

export interface Marked {
  readonly pid: number
  readonly parent: number
  readonly group: number
  readonly node: string
  readonly execution: string
  /** Absent where the driver tells none. */
  readonly attempt: number | undefined
  readonly job: string
  /** `MARK` of the version that it runs, where the job has one. */
  readonly mark: string | undefined
  readonly command: string
}

const HOME = /(?:^|\0)HOME=([^\0]*)\/([^/\0]+)\/tasks\/([^/\0]+)\/local/

/** Every live process below `dir`, zombies apart. Several looks at a process that ends meanwhile may miss it. */
export const markedProcesses = (dir: string): readonly Marked[] =>
  readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name): Marked[] => {
      try {
        const environment = readFileSync(`/proc/${name}/environ`, 'latin1')
        const [, root, node, execution] = HOME.exec(environment) ?? []
        if (root !== dir || node === undefined || execution === undefined) return []
        const stat = readFileSync(`/proc/${name}/stat`, 'latin1')
        const [state, parent, group] = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
        if (state === 'Z' || state === 'X') return []
        const variable = (key: string): string | undefined =>
          environment
            .split('\0')
            .find((one) => one.startsWith(`${key}=`))
            ?.slice(key.length + 1)
        const attempt = variable('DUNLIN_ATTEMPT')
        return [
          {
            pid: Number(name),
            parent: Number(parent),
            group: Number(group),
            node,
            execution,
            attempt: attempt === undefined ? undefined : Number(attempt),
            job: variable('DUNLIN_JOB') ?? '',
            mark: variable('MARK'),
            command: readFileSync(`/proc/${name}/cmdline`, 'latin1').replaceAll('\0', ' ').slice(0, 60),
          },
        ]
      } catch {
        // It ended between two reads, or belongs to somebody else.
        return []
      }
    })

/** Leads the group, so it is the shim; what is below it is the task. */
export const isLeader = ({ pid, group }: Marked): boolean => pid === group
