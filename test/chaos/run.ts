/** A run: cycles of load, kill and restart; the ledger is looked at after each, and in full whenever things may settle. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { drawTargets, strike, targets, type Target } from './faults/strike.ts'
import { differences } from './ledger/converged.ts'
import { commandsOnce, doubled, invented, lost, overlaps, type Struck } from './ledger/laws.ts'
import { connectLogReader, type LogEntry } from './ledger/log-reader.ts'
import { byExecution, isEnd, readTold } from './ledger/told.ts'
import { readWishes } from './ledger/wished.ts'
import { readWitness, type Witnessed } from './ledger/witness.ts'
import { chaosJobs, hasWitness, managedFile } from './load/jobs.ts'
import { startLoad } from './load/load.ts'
import { createDice, type Dice } from './random.ts'
import { startWorld } from './world/world.ts'

export interface RunOptions {
  readonly binary: string
  readonly seed: number
  readonly cycles: number
  readonly nodes: number
  readonly instances: number
  /** Every how many cycles the system is left alone until it has settled. */
  readonly settleEvery: number
  readonly keep: boolean
  /** Ends the run early, in order. */
  readonly signal: AbortSignal
  readonly say: (line: string) => void
}

export type LawName = 'overlap' | 'doubled' | 'lost' | 'invented' | 'commands' | 'orphans' | 'converged' | 'own_end'

export interface Finding {
  readonly cycle: number
  readonly law: LawName
  readonly detail: string
}

export interface RunResult {
  readonly seed: number
  readonly cycles: number
  readonly findings: readonly Finding[]
  readonly story: readonly string[]
  readonly kills: Readonly<Record<Target, number>>
  readonly counts: {
    readonly starts: number
    readonly exits: number
    readonly told: number
    readonly commits: number
    readonly acknowledged: number
    readonly commands: number
  }
  /** Longest time that the system took to be right again, ms. */
  readonly longestSettleMs: number
  readonly medianSettleMs: number
  readonly seconds: number
  /** Where logs, ledger and journals lie when something was found. */
  readonly dir: string
}

const writeLog = (file: string, entries: readonly LogEntry[]): void =>
  writeFileSync(file, entries.map((entry) => `${JSON.stringify(entry)}\n`).join(''))

const isLeftOver = (difference: string): boolean => difference.includes('left over')

/** Longest pause between two strikes, and between the first act of a cycle and its strike. */
const MOMENT_MS = 180
const SETTLE_WITHIN_MS = 45_000

export const runChaos = async (options: RunOptions): Promise<RunResult> => {
  const { binary, seed, cycles, nodes, instances, settleEvery, signal, say } = options
  const began = performance.now()
  const dice: Dice = createDice(seed)
  const world = await startWorld({ binary, nodes, instances })
  const reader = await connectLogReader(world.nats.url)
  const load = startLoad(() => world.apis.map(({ facts }) => String(facts['url'])), world.ledgerDir)
  const struck: Struck[] = []
  const findings: Finding[] = []
  const story: string[] = []
  const settleMs: number[] = []
  const kills = Object.fromEntries(targets.map((target) => [target, 0])) as Record<Target, number>
  let cycle = 0
  let ownEndsSeen = 0
  let witnessed: readonly Witnessed[] = []
  const tell = (line: string): void => {
    story.push(`[${((performance.now() - began) / 1000).toFixed(2)} s, cycle ${cycle}] ${line}`)
  }
  const found = (law: LawName, details: readonly string[]): void => {
    for (const detail of details) {
      if (findings.some((one) => one.law === law && one.detail === detail)) continue
      findings.push({ cycle, law, detail })
      tell(`FOUND ${law}: ${detail}`)
      say(`cycle ${cycle}: ${law}: ${detail}`)
    }
  }

  /** Needs no rest: what is wrong now stays wrong. */
  const checkAlways = (): void => {
    found('overlap', overlaps(readWitness(world.ledgerDir)))
    found('own_end', world.ownEnds.slice(ownEndsSeen))
    ownEndsSeen = world.ownEnds.length
  }

  const seen = () =>
    differences({
      nodesDir: world.nodesDir,
      nodes,
      jobs: chaosJobs,
      managedFile: managedFile(world.ledgerDir),
      wishes: readWishes(reader.entries),
      tasks: world.tasks(),
      witnessed: readWitness(world.ledgerDir),
    })

  /** Leaves the system alone until everything is as the log wants it; what is not by then is a finding. */
  const settle = async (): Promise<void> => {
    const since = performance.now()
    const passedMs = (): number => performance.now() - since
    await Promise.race([
      Promise.all([world.allReady(), load.allAnswered()]),
      delay(SETTLE_WITHIN_MS, undefined, { ref: false }),
    ])
    const readyMs = passedMs()
    found(
      'converged',
      world.notReady().map((name) => `${name} is not back`),
    )
    found(
      'commands',
      load.unanswered().map(({ id, what }) => `${what} (${id}) has no answer`),
    )
    let left: readonly string[] = []
    let last: string | undefined
    do {
      if (left.length > 0) await delay(40)
      await reader.catchUp()
      left = seen()
      last = left[0] ?? last
    } while (left.length > 0 && passedMs() < SETTLE_WITHIN_MS)
    settleMs.push(passedMs())
    tell(
      `settled in ${passedMs().toFixed(0)} ms (${readyMs.toFixed(0)} until all were back; last: ${last ?? 'nothing'})`,
    )
    found('orphans', left.filter(isLeftOver))
    found(
      'converged',
      left.filter((one) => !isLeftOver(one)),
    )
  }

  const checkLog = async (isLast: boolean): Promise<void> => {
    // As it was before the log is read: what is answered meanwhile may lie beyond what is read.
    const sent = load.sent().map((command) => ({ ...command }))
    await reader.catchUp()
    const told = readTold(reader.entries)
    witnessed = readWitness(world.ledgerDir)
    const over = byExecution(told.filter(isEnd))
    const isOver = ({ execution }: { readonly execution: string }): boolean => isLast || over.has(execution)
    found('doubled', doubled(reader.entries, told))
    found('lost', lost(witnessed.filter(isOver), told, struck))
    found('invented', invented(witnessed, told.filter(isOver), struck, hasWitness))
    found('commands', commandsOnce(reader.entries, sent))
  }

  /** What ended is told a moment later; an end that is never told is found by the check that follows. */
  const untilAllTold = async (): Promise<void> => {
    const since = performance.now()
    for (;;) {
      await reader.catchUp()
      const over = byExecution(readTold(reader.entries).filter(isEnd))
      const isTold = readWitness(world.ledgerDir).every(({ execution }) => over.has(execution))
      if (isTold || performance.now() - since > SETTLE_WITHIN_MS) return
      await delay(50)
    }
  }

  const oneCycle = async (): Promise<void> => {
    for (let acts = dice.below(3); acts > 0; acts -= 1) tell(load.act(dice))
    await delay(dice.below(MOMENT_MS))
    for (const target of drawTargets(dice)) {
      kills[target] += 1
      const deed = strike(world, target, dice)
      struck.push(...deed.struck)
      tell(`kill ${target}: ${deed.told.join('; ') || 'nobody there'}`)
      if (dice.below(2) === 0) await delay(dice.below(MOMENT_MS / 3))
    }
    await delay(dice.below(MOMENT_MS))
    checkAlways()
  }

  try {
    await load.applyAll()
    await settle()
    say(`everything runs after ${((performance.now() - began) / 1000).toFixed(1)} s: ${world.dir}`)
    for (cycle = 1; cycle <= cycles && findings.length === 0 && !signal.aborted; cycle += 1) {
      await oneCycle()
      if (cycle % settleEvery !== 0) continue
      await settle()
      await checkLog(false)
      checkAlways()
    }
    if (findings.length === 0 && !signal.aborted) {
      await settle()
      await load.stopAll()
      await settle()
      await load.end()
      await untilAllTold()
      await checkLog(true)
      checkAlways()
    }
  } finally {
    await load.end().catch(() => {})
    await reader.close()
    if (options.keep || findings.length > 0) writeLog(join(world.dir, 'log.jsonl'), reader.entries)
    await world.stop(options.keep || findings.length > 0)
  }
  const sorted = settleMs.toSorted((a, b) => a - b)
  return {
    seed,
    cycles: Math.min(cycle, cycles),
    findings,
    story,
    kills,
    counts: {
      starts: witnessed.filter(({ is }) => is === 'start').length,
      exits: witnessed.filter(({ is }) => is === 'exit').length,
      told: readTold(reader.entries).length,
      commits: reader.entries.length,
      acknowledged: load.sent().filter(({ said }) => said === 'acknowledged').length,
      commands: load.sent().length,
    },
    longestSettleMs: sorted.at(-1) ?? 0,
    medianSettleMs: sorted[Math.floor(sorted.length / 2)] ?? 0,
    seconds: (performance.now() - began) / 1000,
    dir: world.dir,
  }
}
