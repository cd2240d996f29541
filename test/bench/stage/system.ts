/** A server, the centre and a number of simulated agents, each in a process of its own, all nodes connected and quiet. */
import { jetstreamManager } from '@nats-io/jetstream'
import { connect } from 'nats'
import { setTimeout as pause } from 'node:timers/promises'
import type { BenchContext } from '../bench.ts'
import type { FromAgents, ToAgents } from '../processes/agents.ts'
import type { FromCentre, ToCentre } from '../processes/centre.ts'
import { bundled } from './bundled.ts'
import { startCrew, type Crew } from './crew.ts'
import { withServer } from './server.ts'

export interface BenchSystem {
  readonly url: string
  readonly nodes: number
  readonly centre: Crew<ToCentre, FromCentre>
  readonly agents: Crew<ToAgents, FromAgents>
  /** Messages that EVENTS, DESIRED and SPECS ever stored. */
  readonly stored: () => Promise<number>
  /** Ends centre and agents; the server stays. */
  readonly retire: () => Promise<void>
}

const COUNTED = ['EVENTS', 'DESIRED', 'SPECS'] as const
const QUIET_MS = 300

export const withSystem = async <T>(
  context: BenchContext,
  nodes: number,
  run: (system: BenchSystem) => Promise<T>,
): Promise<T> => {
  const centreFile = await bundled('centre', context.dir)
  const agentsFile = await bundled('agents', context.dir)
  return withServer(context, async ({ url }) => {
    const nc = await connect({ servers: url })
    const centre = startCrew<ToCentre, FromCentre>(centreFile, [url])
    let agents: Crew<ToAgents, FromAgents> | undefined
    const stored = async (): Promise<number> => {
      const manager = await jetstreamManager(nc)
      const infos = await Promise.all(COUNTED.map((name) => manager.streams.info(name)))
      return infos.reduce((sum, { state }) => sum + state.last_seq, 0)
    }
    const retire = async (): Promise<void> => {
      await Promise.all([agents?.stop(), centre.stop()])
    }
    /** Nothing more is stored: what connecting the nodes caused is over. */
    const untilQuiet = async (): Promise<void> => {
      for (let before = -1, now = await stored(); before !== now; now = await stored()) {
        before = now
        await pause(QUIET_MS)
      }
    }
    const measured = async (): Promise<T> => {
      await centre.hear('ready')
      const connected = centre.ask({ do: 'expect_nodes', count: nodes }, 'nodes_connected')
      agents = startCrew<ToAgents, FromAgents>(agentsFile, [url, String(nodes)])
      await Promise.race([agents.hear('announced'), centre.lost])
      await Promise.race([connected, agents.lost])
      await untilQuiet()
      await Promise.all([centre.ask({ do: 'measure' }, 'measured'), agents.ask({ do: 'measure' }, 'measured')])
      return Promise.race([run({ url, nodes, centre, agents, stored, retire }), centre.lost, agents.lost])
    }
    try {
      return await measured()
    } finally {
      await retire()
      await nc.close()
    }
  })
}
