/** Where an engine may listen, and how its address is written. Only sockets that are there are tried. */
import { userInfo } from 'node:os'

export type EngineAddress =
  | { readonly is: 'socket'; readonly path: string }
  | { readonly is: 'tcp'; readonly host: string; readonly port: number }

export const addressText = (address: EngineAddress): string =>
  address.is === 'socket' ? `unix://${address.path}` : `tcp://${address.host}:${address.port}`

/** `unix:///path`, `/path` or `tcp://host:port`; throws an Error with one sentence for anything else. */
export const readAddress = (text: string): EngineAddress => {
  if (text.startsWith('/')) return { is: 'socket', path: text }
  const url = URL.parse(text)
  if (url?.protocol === 'unix:' && url.pathname.startsWith('/')) return { is: 'socket', path: decodeURI(url.pathname) }
  if ((url?.protocol === 'tcp:' || url?.protocol === 'http:') && url.hostname !== '')
    return { is: 'tcp', host: url.hostname.replace(/^\[(.*)\]$/, '$1'), port: Number(url.port || '2375') }
  throw new Error(`${text} is no address of a container engine; expected unix:///path or tcp://host:port`)
}

/** The flag alone when it is given; otherwise DOCKER_HOST, then the usual places. */
export const engineAddresses = (
  given: string | undefined,
  env: Readonly<Record<string, string | undefined>>,
  uid: number = userInfo().uid,
): EngineAddress[] => {
  if (given !== undefined) return [readAddress(given)]
  const named = env['DOCKER_HOST'] ?? env['CONTAINER_HOST']
  const runtime = env['XDG_RUNTIME_DIR'] ?? `/run/user/${uid}`
  const usual = ['/run/docker.sock', '/var/run/docker.sock', '/run/podman/podman.sock', `${runtime}/podman/podman.sock`]
  return [...namedBy(named), ...usual.map((path): EngineAddress => ({ is: 'socket', path }))]
}

/** What somebody else set for another tool and is of no use here (ssh) is passed over. */
const namedBy = (text: string | undefined): EngineAddress[] => {
  if (text === undefined || text === '') return []
  try {
    return [readAddress(text)]
  } catch {
    return []
  }
}
