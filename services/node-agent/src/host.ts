/** What this machine is: labels that every node has, and what it can offer. */
import type { Labels } from '@dunlin/contracts/agent'
import { statfsSync } from 'node:fs'
import { arch, availableParallelism, hostname, platform, totalmem } from 'node:os'

export const AGENT_VERSION = '0.3.0'

export const hostLabels = (name: string | undefined): Labels => ({
  'dunlin.io/os': platform(),
  'dunlin.io/arch': arch(),
  'dunlin.io/hostname': hostname().slice(0, 253),
  'dunlin.io/version': AGENT_VERSION,
  ...(name === undefined ? {} : { 'dunlin.io/name': name }),
})

export const hostResources = (dataDir: string): { cpus: number; memoryBytes: number; diskBytes: number } => {
  const { blocks, bsize } = statfsSync(dataDir)
  return { cpus: availableParallelism(), memoryBytes: totalmem(), diskBytes: blocks * bsize }
}
