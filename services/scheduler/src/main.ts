/** The process: real log, clock, randomness and logger behind the ports. */
import { hostname } from 'node:os'
import { loadSnapshot } from '@dunlin/eventstore'
import { connectStore } from '@dunlin/nats'
import { every, optionalTextSetting, runService, systemClock, systemRandom } from '@dunlin/runtime'
import { SCHEDULER_FOLD } from './fleet/fleet.ts'
import { startScheduler } from './scheduler.ts'

await runService({
  name: 'scheduler',
  settings: { owner: optionalTextSetting('name of this instance in the lease; host and process id by default') },
  start: async ({ config, logger, metrics, readiness, lifecycle }) => {
    readiness.blocked('log', 'catching_up')
    const store = await lifecycle.start(
      'store',
      () => connectStore({ url: config.natsUrl, name: 'scheduler' }),
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
      () => startScheduler({ ...store, clock: systemClock, random: systemRandom, logger }, { owner, snapshot }),
      (running) => running.stop(),
    )
    const watch = every(systemClock, 500, () => {
      const { caughtUp, live, seq, troubled } = part.status()
      metrics.set('dunlin_log_seq', {}, seq)
      metrics.set('dunlin_aggregates_quarantined', {}, troubled)
      if (!live) readiness.blocked('log', 'disconnected')
      else if (!caughtUp) readiness.blocked('log', 'catching_up')
      else readiness.ready('log')
    })
    await lifecycle.start(
      'readiness',
      () => watch,
      (timer) => timer.cancel(),
    )
    await part.ready
    return { seq: part.status().seq }
  },
})
