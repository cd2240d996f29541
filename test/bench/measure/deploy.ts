/** One apply on a running system, until every node runs it and the log knows. */
import type { BenchSystem } from '../stage/system.ts'

export interface Deployed {
  /** From the arrival of the request to the last node's report in the log. */
  readonly runningMs: number
  /** Sizes of the bodies that were stored meanwhile, by kind; `stored` counts all of them on the server's side. */
  readonly stored: number
  readonly documentSizes: readonly number[]
  readonly reportSizes: readonly number[]
  readonly logSizes: readonly number[]
  readonly cpuMs: { readonly centre: number; readonly agents: number }
  readonly rssMb: number
}

export const deploy = async ({ centre, agents, stored }: BenchSystem, body: string): Promise<Deployed> => {
  const before = await stored()
  const cpuBefore = await measure({ centre, agents })
  const applied = await centre.ask({ do: 'apply', body }, 'applied')
  const { atMs } = await agents.ask({ do: 'expect', version: applied.version }, 'all_running')
  const after = await stored()
  const [inCentre, inAgents] = await measure({ centre, agents })
  return {
    runningMs: atMs - applied.startedMs,
    stored: after - before,
    documentSizes: inCentre.documentSizes,
    logSizes: inCentre.logSizes,
    reportSizes: inAgents.reportSizes,
    cpuMs: { centre: inCentre.cpuMs - cpuBefore[0].cpuMs, agents: inAgents.cpuMs - cpuBefore[1].cpuMs },
    rssMb: inCentre.rssMb,
  }
}

const measure = ({ centre, agents }: Pick<BenchSystem, 'centre' | 'agents'>) =>
  Promise.all([centre.ask({ do: 'measure' }, 'measured'), agents.ask({ do: 'measure' }, 'measured')])
