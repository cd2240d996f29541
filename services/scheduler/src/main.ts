/** The process: real log, clock, randomness and logger behind the ports. */
import { hostname } from 'node:os'
import { loadSnapshot } from '@dunlin/eventstore'
import { connectStore, credentialsFrom } from '@dunlin/nats'
import { choiceSetting, optionalTextSetting, runService, showFold, systemClock, systemRandom } from '@dunlin/runtime'
import { SCHEDULER_FOLD } from './fleet/fleet.ts'
import { livenessOf, livenessSettings } from './liveness/settings.ts'
import { startScheduler } from './scheduler.ts'

await runService({
  name: 'scheduler',
  settings: {
    ...livenessSettings,
    owner: optionalTextSetting('name of this instance in the lease; host and process id by default'),
    admission: choiceSetting(
      'who takes part: whoever announces itself, or who joined',
      ['loopback', 'enrolled'],
      'loopback',
    ),
  },
  start: async ({ config, logger, metrics, readiness, lifecycle }) => {
    const liveness = livenessOf(config)
    readiness.blocked('log', 'catching_up')
    const store = await lifecycle.start(
      'store',
      () => connectStore({ url: config.natsUrl, name: 'scheduler', ...credentialsFrom(config.natsCreds) }),
      (connected) => connected.close(),
    )
    const owner = config.owner ?? `${hostname()}/${process.pid}`
    // Without one, or with one that cannot be read, everything is folded from the beginning.
    const snapshot = await loadSnapshot(store.snapshots, 'scheduler', SCHEDULER_FOLD).catch((error: unknown) => {
      logger.warn('snapshot not read', { error: String(error) })
      return undefined
    })
    const part = await lifecycle.start(
      'scheduler',
      () =>
        startScheduler(
          { ...store, clock: systemClock, random: systemRandom, logger },
          { owner, snapshot, liveness, admission: config.admission },
        ),
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
