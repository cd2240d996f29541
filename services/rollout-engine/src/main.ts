/** The process: real log, clock, randomness and logger behind the ports. */
import { hostname } from 'node:os'
import { loadSnapshot } from '@dunlin/eventstore'
import { connectStore, credentialsFrom } from '@dunlin/nats'
import { optionalTextSetting, runService, showFold, systemClock, systemRandom } from '@dunlin/runtime'
import { ENGINE_FOLD } from './fleet/fleet.ts'
import { startRolloutEngine } from './engine.ts'

await runService({
  name: 'rollout-engine',
  settings: { owner: optionalTextSetting('name of this instance in the lease; host and process id by default') },
  start: async ({ config, logger, metrics, readiness, lifecycle }) => {
    readiness.blocked('log', 'catching_up')
    const store = await lifecycle.start(
      'store',
      () => connectStore({ url: config.natsUrl, name: 'rollout-engine', ...credentialsFrom(config.natsCreds) }),
      (connected) => connected.close(),
    )
    const owner = config.owner ?? `${hostname()}/${process.pid}`
    // Without one, or with one that cannot be read, everything is folded from the beginning.
    const snapshot = await loadSnapshot(store.snapshots, 'rollout-engine', ENGINE_FOLD).catch((error: unknown) => {
      logger.warn('snapshot not read', { error: String(error) })
      return undefined
    })
    const part = await lifecycle.start(
      'rollout-engine',
      () => startRolloutEngine({ ...store, clock: systemClock, random: systemRandom, logger }, { owner, snapshot }),
      (running) => running.stop(),
    )
    await lifecycle.start(
      'readiness',
      () => showFold(part, { clock: systemClock, metrics, readiness }),
      (timer) => timer.cancel(),
    )
    await part.ready
    return { seq: part.status().seq }
  },
})
