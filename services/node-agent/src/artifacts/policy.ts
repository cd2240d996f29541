/**
 * Where an artifact may come from. Checked for the address in the spec, for every redirect, and for the addresses that a
 * name resolves to: a public name may point at the metadata service of a cloud, which hands out the machine's credentials.
 */
import { realpath } from 'node:fs/promises'
import { BlockList, isIP } from 'node:net'
import { isAbsolute, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { refused } from './problem.ts'

export interface ArtifactPolicy {
  /** `file:` sources must lie below one of them; with none, `file:` is refused. */
  readonly roots: readonly string[]
  /** Lets link-local and metadata addresses be asked. */
  readonly allowLinkLocal: boolean
}

const metadata = new BlockList()
metadata.addSubnet('169.254.0.0', 16, 'ipv4')
metadata.addAddress('100.100.100.200', 'ipv4')
metadata.addAddress('168.63.129.16', 'ipv4')
metadata.addAddress('192.0.0.192', 'ipv4')
metadata.addSubnet('fe80::', 10, 'ipv6')
metadata.addAddress('fd00:ec2::254', 'ipv6')
// The same IPv4 addresses behind NAT64.
metadata.addSubnet('64:ff9b::a9fe:0', 112, 'ipv6')
metadata.addAddress('64:ff9b::6464:64c8', 'ipv6')

/** `address` is an IP address, not a name. */
export const isMetadataAddress = (address: string): boolean => {
  // A scope ("fe80::1%eth0") is not part of the address.
  const bare = address.replace(/%.*$/, '')
  const family = isIP(bare)
  // IPv4 inside IPv6 (::ffff:a.b.c.d) is checked against the IPv4 rules by BlockList itself.
  return family !== 0 && metadata.check(bare, family === 4 ? 'ipv4' : 'ipv6')
}

export const metadataRefused = (host: string, address: string): Error =>
  refused(
    `The artifact's host ${host} is ${address}, a link-local or metadata address, which this node does not ask.`,
    'An agent with --artifact-link-local does.',
  )

/** Throws a permanent error unless the address may be asked. `redirectedFrom` is set for the target of a redirect. */
export const checkUrl = (url: URL, policy: ArtifactPolicy, redirectedFrom?: URL): void => {
  const { protocol, hostname } = url
  if (protocol !== 'http:' && protocol !== 'https:') {
    const by = redirectedFrom === undefined ? '' : `${redirectedFrom.href} redirects to `
    throw refused(`${by}${url.href}: only http and https are fetched over a network.`)
  }
  const host = hostname.replace(/^\[|\]$/g, '')
  if (!policy.allowLinkLocal && isMetadataAddress(host)) throw metadataRefused(hostname, host)
}

/** The real path of a `file:` source; throws a permanent error when it is not below a root. */
export const localPath = async (url: URL, { roots }: ArtifactPolicy): Promise<string> => {
  if (roots.length === 0)
    throw refused(
      `${url.href}: this node takes no file: sources.`,
      'Start the agent with --artifact-root DIR for the folder that holds them.',
    )
  if (url.host !== '') throw refused(`${url.href}: a file: source names no host.`)
  const path = await realpath(fileURLToPath(url)).catch(() => {
    throw refused(`${url.href} is not there, or may not be read.`)
  })
  for (const root of roots) {
    const inside = relative(await realpath(root).catch(() => root), path)
    if (inside !== '' && inside !== '..' && !inside.startsWith('../') && !isAbsolute(inside)) return path
  }
  throw refused(`${url.href} leads to ${path}, which is below no artifact root (${roots.join(', ')}).`)
}
