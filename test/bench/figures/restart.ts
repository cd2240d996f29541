/** `restart`: from the start of a process to its readiness, on a log of a million commits with a snapshot near its end. */
import { foldings } from '@dunlin/domain'
import { createFold, followInto, writeSnapshot } from '@dunlin/eventstore'
import { parseLogSubject } from '@dunlin/nats'
import type { Bench, BenchContext } from '../bench.ts'
import { figure } from '../figure.ts'
import type { AllKinds } from '../load/all-kinds.ts'
import { seedLog } from '../load/seed.ts'
import { median, tellValues } from '../measure/rounds.ts'
import { withBareClient } from '../stage/bare.ts'
import { bundled } from '../stage/bundled.ts'
import { withServer } from '../stage/server.ts'
import { startService, type RunningService } from '../stage/service.ts'
import { withStore } from '../stage/store.ts'

/** A log of `commits` with a snapshot that lacks the last `tail` of them. */
const prepare = (url: string, size: { readonly jobs: number; readonly commits: number; readonly tail: number }) =>
  withStore(url, (store) =>
    withBareClient(url, async (nc) => {
      const { jobs, commits, tail } = size
      await seedLog(nc, jobs, 0, commits - tail)
      const fold = createFold<AllKinds>({ route: parseLogSubject, kinds: foldings })
      const follower = followInto(fold, store.log, { archive: store.archive })
      await follower.waitFor(commits - tail)
      await follower.stop()
      const written = await writeSnapshot(store.snapshots, 'bench', fold, null)
      if (written === undefined) throw new Error('no snapshot was written')
      await seedLog(nc, jobs, commits - tail, commits)
      return written
    }),
  )

const run = (context: BenchContext) =>
  withServer(context, async ({ url }) => {
    const { quick, dir, say } = context
    const size = quick ? { jobs: 500, commits: 5_000, tail: 500 } : { jobs: 100_000, commits: 1_000_000, tail: 10_000 }
    const { sizeBytes } = await prepare(url, size)
    say(`restart: ${size.commits} commits are there, the snapshot has ${(sizeBytes / 1024 ** 2).toFixed(1)} MB`)
    const [service, nothing] = [await bundled('restart', dir), await bundled('nothing', dir)]
    const starts: RunningService[] = []
    const bare: number[] = []
    for (let round = 0; round < (quick ? 1 : 11); round++) {
      const none = await startService(nothing, [])
      await none.stop()
      bare.push(none.readyMs)
      const started = await startService(service, [url])
      await started.stop()
      const { from, seq, jobs } = started.facts
      if (from !== size.commits - size.tail || seq !== size.commits || jobs !== size.jobs)
        throw new Error(`the service is not where it should be: ${JSON.stringify(started.facts)}`)
      starts.push(started)
    }
    const times = starts.map(({ readyMs }) => readyMs)
    const at = (name: string): string => median(starts.map(({ facts }) => Number(facts[name]))).toFixed(0)
    const detail =
      `${tellValues(times, 'ms')}; of its own clock connected at ${at('connectedMs')}, snapshot loaded at ` +
      `${at('loadedMs')}, at the head at ${at('caughtUpMs')} ms; an empty process ${median(bare).toFixed(0)} ms; ` +
      `snapshot ${(sizeBytes / 1024 ** 2).toFixed(1)} MB, ${at('rssMb')} MB resident`
    return [figure('restart', median(times), 'ms', { below: 500 }, detail)]
  })

export const restart: Bench = { figures: ['restart'], run }
