/**
 * A service of which only the start is of interest: loads the newest snapshot of the fold of the whole log, follows to
 * the head, says so. Argument: server.
 */
import { foldings } from '@dunlin/domain'
import { createFold, followInto, loadSnapshot } from '@dunlin/eventstore'
import { connectStore, parseLogSubject } from '@dunlin/nats'
import type { AllKinds } from '../load/all-kinds.ts'

const [url = ''] = process.argv.slice(2)
const store = await connectStore({ url, name: 'bench restart', maxBytes: 8 * 1024 ** 3 })
const connectedMs = performance.now()
const snapshot = await loadSnapshot(store.snapshots, 'bench', '0')
const loadedMs = performance.now()
const fold = createFold<AllKinds>({
  route: parseLogSubject,
  kinds: foldings,
  ...(snapshot === undefined ? {} : { snapshot }),
})
const from = fold.position?.seq ?? 0
const follower = followInto(fold, store.log, { archive: store.archive })
await follower.caughtUp
const facts = {
  ready: true,
  from,
  seq: fold.position?.seq,
  jobs: fold.count('job'),
  connectedMs,
  loadedMs,
  caughtUpMs: performance.now(),
  rssMb: process.memoryUsage.rss() / 1024 ** 2,
}
process.stdout.write(`${JSON.stringify(facts)}\n`)
process.once('SIGTERM', () => process.exit(0))
