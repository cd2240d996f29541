/** `rss_services`: what each service holds when 1,000 nodes are connected and nothing happens; the largest counts. */
import type { Bench, BenchContext } from '../bench.ts'
import { figure } from '../figure.ts'
import { restingRssMb } from '../measure/memory.ts'
import type { FromAgents, ToAgents } from '../processes/agents.ts'
import { bundled, bundledService } from '../stage/bundled.ts'
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

/** Resting sizes of the services, in the order of `names`. */
const sizesOf = (context: BenchContext, nodes: number, fileOf: (name: string) => Promise<string>) =>
  withServer(context, async ({ url }) => {
    const services: RunningService[] = []
    try {
      for (const name of names) {
        const args = ['--nats-url', url, ...(name === 'api' ? ['--port', '0'] : [])]
        services.push(await startService(await fileOf(name), args))
      }
      const agents = startCrew<ToAgents, FromAgents>(await bundled('agents', context.dir), [url, String(nodes)])
      try {
        await agents.hear('announced')
        await untilConnected(String(services[0]?.facts['url']), nodes)
        return await restingRssMb(
          services.map(({ pid }) => pid),
          context.quick ? 200 : REST_MS,
        )
      } finally {
        await agents.stop()
      }
    } finally {
      for (const one of services) await one.stop()
    }
  })

const tell = (sizes: readonly number[]): string => names.map((name, i) => `${name} ${sizes[i]?.toFixed(1)}`).join(', ')

/** As the repository's own launcher and an image without a bundler run them. */
const fromDist = async (context: BenchContext, nodes: number): Promise<string> => {
  await build(names.map((name) => `services/${name}`))
  return tell(await sizesOf(context, nodes, async (name) => `${root}services/${name}/dist/main.js`))
}

const run = async (context: BenchContext) => {
  const nodes = context.quick ? 20 : 1_000
  const bundle = await sizesOf(context, nodes, (name) => bundledService(name, context.dir))
  // Building everything takes longer than all that --quick is for.
  const dist = context.quick ? 'not measured' : await fromDist(context, nodes)
  const detail = `each bundled into one file: ${tell(bundle)} MB; from dist: ${dist}; ${nodes} nodes connected, idle`
  return [figure('rss_services', Math.max(...bundle), 'MB', { atMost: 95 }, detail)]
}

export const rssServices: Bench = { figures: ['rss_services'], run }
