/** Looks at every commit when it is stored: laws of the log, on a naive ledger of it. A log that goes backwards is told again. */
import { jobKeyText, type JobSubjectEvent, type ReportEvent } from '@dunlin/contracts'
import type { Recorded } from '@dunlin/eventstore'
import type { Sight } from './context.ts'
import { checkGrants } from './grants.ts'
import { enter, newLedger, nodeOf, readRecorded, type Ledger, type ReadCommit } from './ledger.ts'
import type { Broken } from './names.ts'
import { checkPlaced, checkTimedOut } from './nodes.ts'
import {
  checkClosed,
  checkFreed,
  checkHalted,
  checkLifted,
  checkOpened,
  checkPlan,
  checkResumed,
  checkRevoked,
  checkUpdated,
  checkWavePassed,
  checkWaveStarted,
} from './rollouts.ts'
import { checkVerdicts } from './verdicts.ts'

export interface Watch {
  readonly ledger: () => Ledger
  readonly log: () => readonly Recorded[]
  readonly broken: readonly Broken[]
  take(recorded: Recorded): void
  rewind(seq: number): void
  /** Command ids that stand in the log, by job or node. */
  readonly commands: () => ReadonlyMap<string, ReadonlySet<string>>
  /** Commands that the log lost when it went backwards. */
  readonly lost: ReadonlySet<string>
}

/** More is never read, and a law that is broken once is broken at every commit after. */
const ENOUGH = 20

export const createWatch = (
  isLate: () => boolean,
  nowMono: () => number,
  readsNothing: (node: string) => boolean = () => false,
): Watch => {
  const broken: Broken[] = []
  const lost = new Set<string>()
  /** Executions that were granted in a part of the log that is gone: nodes may still speak of them. */
  const lostExecutions = new Set<string>()
  /** When grants were revoked, by the clock that does not jump. */
  const revokedAt = new Map<string, number>()
  let ledger = newLedger()
  let log: Recorded[] = []
  let commands = new Map<string, Set<string>>()

  const note = (read: ReadCommit): void => {
    const { commit, key, seq } = read
    if ((read.kind !== 'job' && read.kind !== 'node') || commit.req === undefined) return
    const seen = commands.get(key) ?? new Set<string>()
    if (seen.has(commit.cmd)) broken.push({ law: 'Once', detail: `${commit.cmd} again at ${seq}` })
    commands.set(key, seen.add(commit.cmd))
  }

  const lookAt = (read: Extract<ReadCommit, { kind: 'job' }>) => {
    const { key, seq, commit } = read
    const fail: Sight['fail'] = (law, detail) => {
      if (broken.length < ENOUGH) broken.push({ law, detail: `${key} at ${seq}: ${detail}` })
    }
    const late = isLate()
    return (event: JobSubjectEvent, job: Sight['job']): void =>
      checkEvent(
        { ledger, key, job, seq, commit, isLate: late, nowMono: nowMono(), readsNothing, revokedAt, fail },
        event,
      )
  }

  /** Event by event: a node stops the former execution and runs the next in one commit. */
  const checkReport = (event: ReportEvent, id: string, seq: number): void => {
    if (event.type === 'NodeAnnounced') return
    const job = jobKeyText(event.job)
    const granted = ledger.jobs.get(job)?.executions.has(event.execution) === true
    if (!granted && !lostExecutions.has(event.execution))
      broken.push({ law: 'S5', detail: `${id} runs ${event.execution}, which nobody granted, at ${seq}` })
    const [epoch, last] = nodeOf(ledger, id).started.get(job) ?? [-1, -1]
    const [itsEpoch, its] = event.generation
    if (event.state === 'starting' && (itsEpoch < epoch || (itsEpoch === epoch && its < last)))
      broken.push({ law: 'S5', detail: `${id} starts [${itsEpoch}, ${its}] of ${job} after [${epoch}, ${last}]` })
    if (event.state !== 'running' || nodeOf(ledger, id).unsure) return
    for (const [other, { job: itsJob, state }] of nodeOf(ledger, id).said)
      if (other !== event.execution && itsJob === job && state === 'running')
        broken.push({ law: 'S5', detail: `${id} runs ${other} and ${event.execution} of ${job} at ${seq}` })
  }

  return {
    ledger: () => ledger,
    log: () => log,
    broken,
    commands: () => commands,
    lost,
    take: (recorded) => {
      log.push(recorded)
      const read = readRecorded(recorded)
      if (read === undefined) return
      note(read)
      enter(ledger, read, {
        ...(read.kind === 'job' ? { ofJob: lookAt(read) } : {}),
        ofReport: (event) => checkReport(event, read.key, read.seq),
      })
    },
    rewind: (seq) => {
      const gone = log.filter((recorded) => recorded.seq > seq).map(readRecorded)
      const unsure = new Set([...ledger.nodes].filter(([, node]) => node.unsure).map(([id]) => id))
      for (const read of gone) {
        if (read === undefined) continue
        lost.add(read.commit.cmd)
        if (read.kind === 'report') unsure.add(read.key)
        if (read.kind !== 'job') continue
        for (const event of read.commit.ev)
          if (event.type === 'NodesGranted') for (const [, execution] of event.grants) lostExecutions.add(execution)
      }
      log = log.filter((recorded) => recorded.seq <= seq)
      ledger = newLedger()
      commands = new Map()
      for (const read of log.map(readRecorded)) {
        if (read === undefined) continue
        note(read)
        enter(ledger, read)
      }
      for (const id of unsure) nodeOf(ledger, id).unsure = true
    },
  }
}

const checkEvent = (sight: Sight, event: JobSubjectEvent): void => {
  switch (event.type) {
    case 'JobTimedOut':
      return checkTimedOut(sight, event)
    case 'PlacementCompleted':
      return checkPlaced(sight, event)
    case 'JobUpdated':
      return checkUpdated(sight, event)
    case 'RolloutOpened':
      return checkOpened(sight, event)
    case 'PlanCompleted':
      return checkPlan(sight, event)
    case 'WaveStarted':
      return checkWaveStarted(sight, event)
    case 'WavePassed':
      return checkWavePassed(sight, event)
    case 'NodesGranted':
      return checkGrants(sight, event)
    case 'VerdictsReached':
      return checkVerdicts(sight, event)
    case 'GrantsRevoked':
      return checkRevoked(sight, event)
    case 'PlacesFreed':
      return checkFreed(sight, event)
    case 'HoldLifted':
      return checkLifted(sight, event)
    case 'RolloutHalted':
      return checkHalted(sight, event)
    case 'RolloutResumed':
      return checkResumed(sight, event)
    case 'RolloutClosed':
      return checkClosed(sight, event)
    default:
      return undefined
  }
}
