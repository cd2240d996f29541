/** `rss_agent`: what the bundled agent holds when it is connected and has nothing to do. */
import { mkdtempSync } from 'node:fs'
import { join } from 'node:path'
import type { Bench, BenchContext } from '../bench.ts'
import { figure } from '../figure.ts'
import { restingRssMb } from '../measure/memory.ts'
import { median, tellValues } from '../measure/rounds.ts'
import { bundleAgent } from '../stage/repository.ts'
import { withServer } from '../stage/server.ts'
import { startService } from '../stage/service.ts'
import { withStore } from '../stage/store.ts'

const REST_MS = 30_000

const run = async (context: BenchContext) => {
  const { dir, quick } = context
  const agent = await bundleAgent(mkdtempSync(join(dir, 'agent-')))
  return withServer(context, ({ url }) =>
    withStore(url, async () => {
      const agents = []
      try {
        for (let n = 1; n <= (quick ? 1 : 3); n++)
          agents.push(
            await startService(agent, [
              '--nats-url',
              url,
              '--data-dir',
              join(dir, `edge-${n}`),
              '--node-id',
              `edge-${n}`,
            ]),
          )
        const sizes = await restingRssMb(
          agents.map(({ pid }) => pid),
          quick ? 200 : REST_MS,
        )
        const detail = `${tellValues(sizes, 'MB')}; one bundled file, connected, without executions`
        return [figure('rss_agent', median(sizes), 'MB', { atMost: 65 }, detail)]
      } finally {
        for (const one of agents) await one.stop()
      }
    }),
  )
}

export const rssAgent: Bench = { figures: ['rss_agent'], run }
