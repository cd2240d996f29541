/** Wires the API to a real nats-server and a socket. */
import { connectStore } from '@dunlin/nats'
import { portSetting, runService, systemClock, systemRandom, textSetting } from '@dunlin/runtime'
import { startApi } from './api.ts'

await runService({
  name: 'api',
  settings: {
    host: textSetting('address to listen on', '127.0.0.1'),
    port: portSetting('port to listen on; 0 = any free one', 7420),
  },
  start: async ({ config, logger, metrics, readiness, lifecycle }) => {
    const store = await lifecycle.start(
      'store',
      () => connectStore({ url: config.natsUrl, name: 'dunlin-api' }),
      (part) => part.close(),
    )
    const ports = { ...store, clock: systemClock, random: systemRandom, logger }
    const api = await lifecycle.start(
      'api',
      () => startApi(ports, { host: config.host, port: config.port, metrics, readiness }),
      (part) => part.stop(),
    )
    await api.ready
    return { url: api.url }
  },
})
