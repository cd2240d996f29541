/** Lets the nodes of a local fleet join, as `dunlin-agent join` does, with one token for all that have not joined yet. */
import type { Client } from '@dunlin/client'
import type { NodeId } from '@dunlin/contracts'
import { joinServer, readMembership } from '@dunlin/node-agent'
import type { PlannedNode } from '../node-plan.ts'

const isNew = ({ dataDir }: PlannedNode): boolean => readMembership(dataDir)?.credential === undefined

export const joinNodes = async (client: Client, api: string, nodes: readonly PlannedNode[]): Promise<void> => {
  const fresh = nodes.filter(isNew)
  if (fresh.length === 0) return
  const { token } = await client.tokens.create({ uses: fresh.length, expires_in: '10m' })
  for (const { id, dataDir } of fresh) await joinServer({ dataDir, server: api, node: id as NodeId, token, labels: {} })
}
