/** `append`: commands through the handler, against the client's plain publish of equal bytes. */
import type { Bench, BenchContext } from '../bench.ts'
import { figure } from '../figure.ts'
import { subjectsOf } from '../load/commits.ts'
import { createHandled, IN_FLIGHT } from '../load/handled.ts'
import { publishPlainly } from '../load/plain.ts'
import { contestant, inTurns, tellPairs } from '../measure/rounds.ts'
import { withBareClient } from '../stage/bare.ts'
import { withServer } from '../stage/server.ts'
import { withStore } from '../stage/store.ts'

/** What both appending figures share. */
export const appendSizes = ({ quick }: BenchContext) =>
  quick ? { jobs: 1_000, count: 2_000, rounds: 1, warmUps: 1 } : { jobs: 20_000, count: 20_000, rounds: 21, warmUps: 4 }

const run = (context: BenchContext) =>
  withServer(context, ({ url }) =>
    withStore(url, (store) =>
      withBareClient(url, async (_nc, js) => {
        const { jobs, count, rounds, warmUps } = appendSizes(context)
        const handled = await createHandled(store.log, jobs)
        const subjects = subjectsOf('plain', jobs)
        handled.prepare(jobs, -99)
        await handled.run()
        const { samples } = handled
        const body = (n: number): Uint8Array => samples[n % samples.length] as Uint8Array
        const ours = contestant(count, handled.run, (round) => handled.prepare(count, round))
        const plain = contestant(count, () => publishPlainly(js, { subjects, body, count, inFlight: IN_FLIGHT }))
        const pairs = await inTurns(rounds, warmUps, ours.perSecond, plain.perSecond)
        const bytes = samples.reduce((sum, { length }) => sum + length, 0) / samples.length
        const detail =
          `${tellPairs(pairs, 'commands/s')}; CPU ${ours.cpuUs()} against ${plain.cpuUs()} us a command; ` +
          `${bytes.toFixed(0)} B a commit, ${jobs} jobs`
        return [figure('append', pairs.ratio, 'of plain js.publish', { atLeast: 0.9 }, detail)]
      }),
    ),
  )

export const append: Bench = { figures: ['append'], run }
