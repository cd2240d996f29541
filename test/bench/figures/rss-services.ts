/** `rss_services`: what each service holds when 1,000 nodes are connected and nothing happens; the largest counts. */
import type { Bench, BenchContext } from '../bench.ts'
import { figure } from '../figure.ts'
import { restingRssMb } from '../measure/memory.ts'
import type { FromAgents, ToAgents } from '../processes/agents.ts'
import { bundled } from '../stage/bundled.ts'
import { startCrew } from '../stage/crew.ts'
import { build, root } from '../stage/repository.ts'
import { withServer } from '../stage/server.ts'
import { startService, type RunningService } from '../stage/service.ts'

const names = ['api', 'scheduler', 'rollout-engine'] as const
const REST_MS = 30_000

/** Until the API counts them. */
const untilConnected = async (api: string, count: number): Promise<void> => {
  for (;;) {
    const response = await fetch(`${api}/api/v1/nodes?connection=connected&limit=1000`)
    const { items } = (await response.json()) as { readonly items: readonly unknown[] }
    if (items.length >= Math.min(count, 1000)) return
    await new Promise((resolve) => setTimeout(resolve, 250))
  }
}

const run = async (context: BenchContext) => {
  const { quick, dir } = context
  const nodes = quick ? 20 : 1_000
  await build(names.map((name) => `services/${name}`))
  return withServer(context, async ({ url }) => {
    const services: RunningService[] = []
    try {
      for (const name of names) {
        const args = ['--nats-url', url, ...(name === 'api' ? ['--port', '0'] : [])]
        services.push(await startService(`${root}services/${name}/dist/main.js`, args))
      }
      const agents = startCrew<ToAgents, FromAgents>(await bundled('agents', dir), [url, String(nodes)])
      try {
        await agents.hear('announced')
        await untilConnected(String(services[0]?.facts['url']), nodes)
        const sizes = await restingRssMb(
          services.map(({ pid }) => pid),
          quick ? 200 : REST_MS,
        )
        const each = names.map((name, i) => `${name} ${sizes[i]?.toFixed(1)}`).join(', ')
        const detail = `${each} MB; from dist, ${nodes} simulated nodes connected`
        return [figure('rss_services', Math.max(...sizes), 'MB', { atMost: 95 }, detail)]
      } finally {
        await agents.stop()
      }
    } finally {
      for (const one of services) await one.stop()
    }
  })
}

export const rssServices: Bench = { figures: ['rss_services'], run }
