/** `append_floor`: commands through the handler, against hand-written publishing with compare-and-set and message id. */
import type { Bench, BenchContext } from '../bench.ts'
import { figure } from '../figure.ts'
import { subjectsOf } from '../load/commits.ts'
import { publishByHand } from '../load/hand-written.ts'
import { createHandled, IN_FLIGHT } from '../load/handled.ts'
import { contestant, inTurns, tellPairs } from '../measure/rounds.ts'
import { withBareClient } from '../stage/bare.ts'
import { withServer } from '../stage/server.ts'
import { withStore } from '../stage/store.ts'
import { appendSizes } from './append.ts'

const run = (context: BenchContext) =>
  withServer(context, ({ url }) =>
    withStore(url, (store) =>
      withBareClient(url, async (nc) => {
        const { jobs, count, rounds, warmUps } = appendSizes(context)
        const handled = await createHandled(store.log, jobs)
        const subjects = subjectsOf('by-hand', jobs)
        handled.prepare(jobs, -99)
        await handled.run()
        const { samples } = handled
        const body = (n: number): Uint8Array => samples[n % samples.length] as Uint8Array
        const lastSeqs: number[] = subjects.map(() => 0)
        const byHand = (round: number): Promise<number> =>
          publishByHand(nc, {
            subjects,
            body,
            count,
            inFlight: IN_FLIGHT,
            checked: { stream: 'EVENTS', lastSeqs, idPrefix: `by-hand-${round}-`.padEnd(24, '0') },
          })
        const ours = contestant(count, handled.run, (round) => handled.prepare(count, round))
        const floor = contestant(count, byHand)
        const pairs = await inTurns(rounds, warmUps, ours.perSecond, floor.perSecond)
        const detail =
          `${tellPairs(pairs, 'commands/s')}; CPU ${ours.cpuUs()} against ${floor.cpuUs()} us a command; ` +
          'no fold, decision, promise or timer in the other'
        return [figure('append_floor', pairs.ratio, 'of hand-written CAS', { atLeast: 0.6 }, detail)]
      }),
    ),
  )

export const appendFloor: Bench = { figures: ['append_floor'], run }
