/** The code's own fold beside the naive ledger: after every commit of a job both must tell the same. */
import type { Recorded } from '@dunlin/eventstore'
import { createFold, type FoldOptions } from '@dunlin/eventstore'
import { foldings, holdsOf, type FleetKinds, type Job } from '@dunlin/domain'
import { parseLogSubject } from '@dunlin/nats'
import { atRiskOf, currentOf, type Ledger } from './ledger.ts'
import type { Broken } from './names.ts'

const newFold = (onFolded: NonNullable<FoldOptions<FleetKinds>['onFolded']>) =>
  createFold<FleetKinds>({ route: parseLogSubject, kinds: foldings, onFolded })
export type WorldFold = ReturnType<typeof newFold>

/** Folds one message after the other; `compare` is asked after each, when the ledger has it too. */
export const createFoldWatch = () => {
  const broken: Broken[] = []
  /** The job of the message that is being folded. */
  const touched: string[] = []
  let fold = begin()

  function begin(): WorldFold {
    return newFold(({ kind, key, admission, seq }) => {
      // A node's reports may lack their beginning, when the log lost it: they are ignored until it announces itself again.
      if (kind !== 'report' && admission !== 'admitted')
        broken.push({ law: 'E1', detail: `${kind} ${key} at ${seq}: ${admission}` })
      if (kind === 'job') touched.push(key)
    })
  }

  return {
    broken,
    fold: () => fold,
    take: (recorded: Recorded, ledger: Ledger): void => {
      touched.length = 0
      fold.apply(recorded)
      for (const key of touched)
        for (const { law, detail } of differences(fold.get('job', key)?.state as Job, key, ledger))
          broken.push({ law, detail: `${key} at ${recorded.seq}: ${detail}` })
    },
    again: (log: readonly Recorded[]): void => {
      fold = begin()
      for (const recorded of log) fold.apply(recorded)
    },
  }
}

const listed = (items: Iterable<string>): string => [...items].sort().join()

const differences = (job: Job, key: string, ledger: Ledger): Broken[] => {
  const broken: Broken[] = []
  const naive = ledger.jobs.get(key)
  if (naive === undefined) return broken
  const same = (law: Broken['law'], what: string, folded: string, recounted: string): void => {
    if (folded !== recounted) broken.push({ law, detail: `${what}: folded ${folded}, recounted ${recounted}` })
  }
  const { current, grants, atRisk } = job.rollouts
  const rollout = currentOf(naive)
  same('A4', 'placed', listed(job.placement.nodes), listed(naive.placed))
  same('A4', 'at risk', listed(atRisk), listed(atRiskOf(naive)))
  same(
    'A4',
    'latest grants',
    listed([...grants].map(([node, { execution }]) => `${node}=${execution}`)),
    listed([...naive.latest].map(([node, { execution }]) => `${node}=${execution}`)),
  )
  if (current === undefined || rollout === undefined) return broken
  same('A4', 'rollout', `${current.id} ${current.phase}`, `${rollout.id} ${rollout.phase}`)
  same('A4', 'holds', listed(holdsOf(current)), listed(rollout.holds.keys()))
  same(
    'A1',
    'slots',
    listed([...current.slots].map(([node, slot]) => `${node}=${slot}`)),
    listed([...rollout.slots].map(([node, slot]) => `${node}=${slot}`)),
  )
  const counts = { open: 0, healthy: 0, failed: 0, lost: 0, deferred: 0, removed: 0 }
  for (const slot of current.slots.values()) counts[slot] += 1
  same('A4', 'counts', JSON.stringify(current.counts), JSON.stringify(counts))
  const failed = rollout.outcomes.filter(Boolean).length
  same(
    'A4',
    'evidence',
    `${current.evidence.failed} of ${current.evidence.settled}`,
    `${failed} of ${rollout.outcomes.length}`,
  )
  return broken
}
