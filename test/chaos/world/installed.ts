/** What is installed on a node and what runs of it, read from its folders and /proc. */
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { readBoots, readSteps } from '../ledger/update-witness.ts'
import type { NodeSeen } from '../ledger/updates.ts'
import { agentsBelow, homeOf } from './agents.ts'

const markIn = (home: string): string | undefined => {
  try {
    return readFileSync(join(home, 'current', 'mark'), 'utf8').trim()
  } catch {
    return existsSync(join(home, 'current')) ? 'none' : undefined
  }
}

export const installedOn = (node: string, dataDir: string, ledgerDir: string): Omit<NodeSeen, 'wished'> => {
  const home = homeOf(dataDir)
  const boots = readBoots(ledgerDir, node)
  return {
    node,
    inUse: { agent: markIn(home), payload: markIn(join(dataDir, 'payloads', 'tool')) },
    isOnTrial: existsSync(join(home, 'trial')),
    agents: agentsBelow(home).map((pid) => boots.get(pid) ?? 'unknown'),
    steps: readSteps(ledgerDir, node),
  }
}
