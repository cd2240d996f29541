/** Where this process stands in the kernel's trees of control groups, as /proc tells it. */
import { join } from 'node:path'

export interface OwnFolders {
  /** The agent's own group by v1 controller. */
  readonly v1: ReadonlyMap<string, string>
  /** In the unified tree; on a hybrid machine it may hold no controller at all. */
  readonly v2: string | undefined
}

/** `cgroup` is the text of /proc/self/cgroup, `mountinfo` that of /proc/self/mountinfo. */
export const ownFolders = (cgroup: string, mountinfo: string): OwnFolders => {
  const mounts = mountinfo.split('\n').flatMap(readMount)
  const v1 = new Map<string, string>()
  let v2: string | undefined
  for (const line of cgroup.split('\n')) {
    const [, hierarchy, names = '', path = ''] = /^(\d+):([^:]*):(.*)$/.exec(line) ?? []
    if (hierarchy === undefined) continue
    if (names === '') {
      const mount = mounts.find(({ type }) => type === 'cgroup2')
      if (mount) v2 = folderIn(mount, path)
      continue
    }
    for (const name of names.split(',')) {
      const mount = mounts.find(({ type, options }) => type === 'cgroup' && options.includes(name))
      if (mount) v1.set(name, folderIn(mount, path))
    }
  }
  return { v1, v2 }
}

interface Mount {
  readonly type: string
  readonly root: string
  readonly point: string
  readonly options: readonly string[]
}

const readMount = (line: string): Mount[] => {
  const [before = '', after = ''] = line.split(' - ')
  const [, , , root = '', point = ''] = before.split(' ')
  const [type = '', , options = ''] = after.split(' ')
  return type === 'cgroup' || type === 'cgroup2'
    ? [{ type, root, point: unescaped(point), options: options.split(',') }]
    : []
}

/** The kernel writes spaces in paths as octal numbers. */
const unescaped = (text: string): string =>
  text.replaceAll(/\\(\d{3})/g, (_, octal: string) => String.fromCharCode(parseInt(octal, 8)))

/** Inside a container only a part of the tree is mounted, and paths are told from its root. */
const folderIn = ({ root, point }: Mount, path: string): string =>
  join(point, root !== '/' && path.startsWith(root) ? path.slice(root.length) : path)
