/** Lets a job mount only what the node's owner has opened to containers. */
import type { ContainerConfig } from '@dunlin/contracts/agent'
import { realpathSync } from 'node:fs'
import { sep } from 'node:path'
import { TaskError } from '../driver.ts'

type Volumes = NonNullable<ContainerConfig['volumes']>

/**
 * The volumes with the places where their sources really lie: what is judged is what the engine is given, so that a link
 * may change afterwards and lead nowhere else. Only a folder on the resolved way that becomes a link between this and the
 * engine's own look could still do that: the engine takes paths, and no descriptors. Throws a `TaskError`.
 */
export const checkVolumes = (volumes: ContainerConfig['volumes'], allowed: readonly string[]): Volumes =>
  (volumes ?? []).map((volume, index) => {
    const { source } = volume
    const where = `config.volumes.${index}.source`
    if (
      !allowed.some((root) => isBelow(source, root)) &&
      !allowed.some((root) => isBelow(source, realOf(root) ?? root))
    )
      throw notAllowed(where, source, allowed)
    const real = realOf(source)
    if (real === undefined)
      throw new TaskError({ code: 'volume_missing', message: `${where}: ${source} is not there on this node.` }, false)
    if (!allowed.some((root) => isBelow(real, realOf(root) ?? root))) throw notAllowed(where, real, allowed)
    // The engine's own socket is the whole node.
    if (/\/(docker|podman|containerd)\.sock$/.test(real)) throw notAllowed(where, real, allowed)
    // "<source>:<target>:<options>" is what an engine reads: behind a link there may be a folder with such a name.
    if (real.includes(':')) throw notAllowed(where, real, allowed)
    return { ...volume, source: real }
  })

const isBelow = (path: string, root: string): boolean =>
  !path.split(sep).includes('..') && (path === root || path.startsWith(root.endsWith(sep) ? root : root + sep))

const realOf = (path: string): string | undefined => {
  try {
    return realpathSync(path)
  } catch {
    return undefined
  }
}

const notAllowed = (where: string, path: string, allowed: readonly string[]): TaskError =>
  new TaskError(
    {
      code: 'path_not_allowed',
      message: `${where}: this node does not let containers mount ${path}.`,
      hint:
        allowed.length === 0
          ? 'Its agent was started without --allow-volume; give it the folders that containers may mount.'
          : `Containers may mount what lies below ${allowed.join(', ')} (--allow-volume of the agent).`,
    },
    true,
  )
