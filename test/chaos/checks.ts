/** Looks at the system from outside and says what is wrong; nothing of what it looks with is part of Dunlin. */
import { join } from 'node:path'
import { differences } from './ledger/converged.ts'
import { commandsOnce, doubled, invented, lost, overlaps, restarted, type Struck } from './ledger/laws.ts'
import type { LogReader } from './ledger/log-reader.ts'
import { byExecution, isEnd, isWaiting, readTold, type Told } from './ledger/told.ts'
import { undecided, wrongVersions, type NodeSeen } from './ledger/updates.ts'
import { readWishes } from './ledger/wished.ts'
import { readWitness, type Witnessed } from './ledger/witness.ts'
import { chaosJobs, hasWitness, isUpdate, keepsRunning, labelsOf, managedFile } from './load/jobs.ts'
import type { Load } from './load/load.ts'
import { installedOn } from './world/installed.ts'
import type { World } from './world/world.ts'

export const laws = [
  'overlap',
  'doubled',
  'lost',
  'invented',
  'commands',
  'orphans',
  'converged',
  'own_end',
  'restarted',
  'versions',
] as const
export type LawName = (typeof laws)[number]
export type Found = (law: LawName, details: readonly string[]) => void

export interface ChecksOptions {
  readonly world: World
  readonly nodes: number
  readonly reader: LogReader
  readonly load: Load
  /** What has been struck so far; it grows. */
  readonly struck: readonly Struck[]
  readonly found: Found
}

export const createChecks = ({ world, nodes, reader, load, struck, found }: ChecksOptions) => {
  const { nodesDir, ledgerDir } = world
  let ownEndsSeen = 0
  let witnessed: readonly Witnessed[] = []

  const nodesSeen = (): readonly NodeSeen[] => {
    const { jobs, drained } = readWishes(reader.entries)
    return Array.from({ length: nodes }, (_, i) => {
      const node = `edge-${i + 1}`
      const here = chaosJobs.filter((job) => isUpdate(job) && labelsOf(i + 1).includes(`on-${job.on}=yes`))
      const wished = drained.has(node) ? [] : here.flatMap(({ name }) => jobs.get(name) ?? [])
      return { ...installedOn(node, join(nodesDir, node), ledgerDir), wished }
    })
  }

  return {
    /** Needs no rest: what is wrong now stays wrong. */
    always: (): void => {
      witnessed = readWitness(ledgerDir)
      found('overlap', overlaps(witnessed))
      found('restarted', restarted(witnessed, struck, keepsRunning))
      found('own_end', world.ownEnds.slice(ownEndsSeen))
      ownEndsSeen = world.ownEnds.length
    },

    /** What is not (yet) as the log wants it. */
    different: async (): Promise<readonly string[]> => {
      await reader.catchUp()
      let known: readonly Told[] | undefined
      const told = (): readonly Told[] => (known ??= readTold(reader.entries))
      const left = differences({
        nodesDir,
        nodes,
        jobs: chaosJobs,
        managedFile: managedFile(ledgerDir),
        wishes: readWishes(reader.entries),
        tasks: world.tasks(),
        witnessed: readWitness(ledgerDir),
        waits: (execution) => isWaiting(told(), execution, Date.now()),
      })
      if (left.length > 0) return left
      return nodesSeen().flatMap((node) => undecided(node, told()))
    },

    /** The log and what is in use, against what tasks, agents and commands wrote. Once everything is as it shall be. */
    settled: async (isLast: boolean): Promise<void> => {
      // As it was before the log is read: what is answered meanwhile may lie beyond what is read.
      const sent = load.sent().map((command) => ({ ...command }))
      await reader.catchUp()
      const told = readTold(reader.entries)
      witnessed = readWitness(ledgerDir)
      const over = byExecution(told.filter(isEnd))
      const isOver = ({ execution }: { readonly execution: string }): boolean => isLast || over.has(execution)
      found('doubled', doubled(reader.entries, told))
      found('lost', lost(witnessed.filter(isOver), told, struck))
      found('invented', invented(witnessed, told.filter(isOver), struck, hasWitness))
      found('commands', commandsOnce(reader.entries, sent))
      for (const node of nodesSeen())
        found(
          'versions',
          wrongVersions(node, told, struck, (mark) => load.fateOf(mark) === 'good'),
        )
    },

    /** Everything that a task wrote belongs to an execution whose end is told. */
    allTold: async (): Promise<boolean> => {
      await reader.catchUp()
      const over = byExecution(readTold(reader.entries).filter(isEnd))
      return readWitness(ledgerDir).every(({ execution }) => over.has(execution))
    },
    /** What was seen at the last look. */
    counts: () => ({
      starts: witnessed.filter(({ is }) => is === 'start').length,
      exits: witnessed.filter(({ is }) => is === 'exit').length,
      updates: countEnds(readTold(reader.entries)),
    }),
  }
}

/** Ends of executions of updates, by how they ended. */
const countEnds = (told: readonly Told[]): Readonly<Record<string, number>> => {
  const updates = told.filter(
    (one) => isEnd(one) && !one.isSummary && chaosJobs.some((job) => isUpdate(job) && job.name === one.job),
  )
  return Object.fromEntries(
    Object.entries(
      Object.groupBy(updates, ({ job, state, error }) => [job, state, error].filter(Boolean).join(' ')),
    ).map(([how, all]) => [how, all?.length ?? 0]),
  )
}
