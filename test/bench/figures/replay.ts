/** `replay`: the log through parse, fence and fold, against the client's raw ordered pull consumer. */
import { foldings } from '@dunlin/domain'
import { createFold, followInto, type StorePorts } from '@dunlin/eventstore'
import type { JetStreamClient } from '@nats-io/jetstream'
import { parseLogSubject } from '@dunlin/nats'
import type { Bench, BenchContext } from '../bench.ts'
import { figure } from '../figure.ts'
import type { AllKinds } from '../load/all-kinds.ts'
import { seedLog } from '../load/seed.ts'
import { contestant, inTurns, tellPairs } from '../measure/rounds.ts'
import { withBareClient } from '../stage/bare.ts'
import { withServer } from '../stage/server.ts'
import { withStore } from '../stage/store.ts'

const fold = async (store: StorePorts, count: number, jobs: number): Promise<number> => {
  const began = performance.now()
  const state = createFold<AllKinds>({ route: parseLogSubject, kinds: foldings })
  const follower = followInto(state, store.log, { archive: store.archive })
  await follower.waitFor(count)
  const ms = performance.now() - began
  await follower.stop()
  if (state.count('job') !== jobs || state.troubled().length > 0) throw new Error('the fold is not what was seeded')
  return ms
}

const readRaw = async (js: JetStreamClient, count: number): Promise<number> => {
  const began = performance.now()
  const consumer = await js.consumers.get('EVENTS')
  const { promise, resolve } = Promise.withResolvers<number>()
  let seen = 0
  const messages = await consumer.consume({
    max_messages: 5_000,
    callback: () => {
      if (++seen === count) resolve(performance.now() - began)
    },
  })
  const ms = await promise
  await messages.close()
  return ms
}

const run = (context: BenchContext) =>
  withServer(context, ({ url }) =>
    withStore(url, (store) =>
      withBareClient(url, async (nc, js) => {
        const { quick } = context
        const [jobs, count, rounds] = quick ? [500, 5_000, 1] : [20_000, 300_000, 9]
        await seedLog(nc, jobs, 0, count)
        const ours = contestant(count, () => fold(store, count, jobs))
        const raw = contestant(count, () => readRaw(js, count))
        const pairs = await inTurns(rounds, 1, ours.perSecond, raw.perSecond)
        const detail =
          `${tellPairs(pairs, 'commits/s')}; CPU ${ours.cpuUs()} against ${raw.cpuUs()} us a commit; ` +
          `${count} commits of ${jobs} jobs`
        return [figure('replay', pairs.ratio, 'of raw ordered pull', { atLeast: 0.85 }, detail)]
      }),
    ),
  )

export const replay: Bench = { figures: ['replay'], run }
