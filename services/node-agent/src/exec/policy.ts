/** Which commands may be run here on request. None, unless who starts the agent says so. */
import { DunlinError } from '@dunlin/contracts/agent'
import { realpathSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'

export type ExecPolicy =
  | { readonly allow: 'any' }
  /** These programs only, as they are found on this machine: absolute paths. */
  | { readonly allow: 'programs'; readonly programs: ReadonlySet<string> }

/** Throws `exec_not_allowed`. `program` is the absolute path of what would run; undefined when nothing was found. */
export const mayRun = (policy: ExecPolicy | undefined, program: string | undefined): void => {
  if (policy?.allow === 'any') return
  if (policy === undefined) throw new DunlinError('exec_not_allowed', 'This node runs no commands on request.')
  if (program !== undefined && policy.programs.has(placeOf(program))) return
  // Not which programs there are: who may run nothing else learns nothing else.
  throw new DunlinError('exec_not_allowed', 'This node runs only certain programs on request, and not this one.')
}

/**
 * The place of a program without links in its directory's path: `/bin/df` and `/usr/bin/df` may be one. Links of the last
 * name are kept, because one file may be many programs, and who may run one of them may not run the others.
 */
const placeOf = (program: string): string => {
  try {
    return join(realpathSync(dirname(program)), basename(program))
  } catch {
    return program
  }
}

/** What the flags say: everything, certain programs, or (undefined) nothing. */
export const execPolicyOf = (any: boolean, programs: readonly string[]): ExecPolicy | undefined => {
  if (any) return { allow: 'any' }
  return programs.length === 0 ? undefined : { allow: 'programs', programs: new Set(programs.map(placeOf)) }
}
