/** Where config jobs may write: below the roots of this node, links followed, and never in the agent's own directory. */
import { realpath } from 'node:fs/promises'
import { basename, dirname, isAbsolute, join, relative } from 'node:path'
import { TaskError } from '../driver.ts'

export interface ConfigPlaces {
  readonly roots: readonly string[]
  /** The agent's own: its journal is nobody's configuration. */
  readonly dataDir: string
}

const refused = (message: string, hint: string): TaskError =>
  new TaskError({ code: 'config_root', message, hint }, true)

export const refuseWithoutRoots = ({ roots }: ConfigPlaces) =>
  roots.length > 0
    ? undefined
    : {
        code: 'config_root',
        message: 'This node lets config jobs write nowhere.',
        hint: 'Start its agent with --config-root DIR for each folder that config jobs may write below.',
      }

/** The path with all links of its folders followed. Throws a permanent `TaskError` when config jobs may not write there. */
export const realPlace = async (path: string, { roots, dataDir }: ConfigPlaces): Promise<string> => {
  const place = await throughLinks(path)
  if (isBelow(await real(dataDir), place))
    throw refused(`${path} lies in the agent's own directory.`, 'Name another path.')
  for (const root of roots) if (isBelow(await real(root), place)) return place
  const leads = place === path ? '' : `, which leads to ${place},`
  throw refused(
    `${path}${leads} is below none of the folders that config jobs may write below (${roots.join(', ')}).`,
    'Name another path, or start the agent of this node with one more --config-root DIR.',
  )
}

/** The folder followed as far as it exists; the last part is taken as it is, for a link there is replaced, not followed. */
const throughLinks = async (path: string): Promise<string> => join(await real(dirname(path)), basename(path))

const real = async (folder: string): Promise<string> => {
  try {
    return await realpath(folder)
  } catch (error) {
    const isThere = !(error instanceof Error && 'code' in error && error.code === 'ENOENT')
    if (isThere || folder === '/') throw error
    return join(await real(dirname(folder)), basename(folder))
  }
}

const isBelow = (root: string, path: string): boolean => {
  const inside = relative(root, path)
  return inside !== '' && inside !== '..' && !inside.startsWith('../') && !isAbsolute(inside)
}
