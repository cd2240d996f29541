/** A run: cycles of load, kill and restart; the ledger is looked at after each, and in full whenever things may settle. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { createChecks, type LawName } from './checks.ts'
import { createCycles } from './cycle.ts'
import { createCoverage, type Covered } from './faults/coverage.ts'
import { targets, type Target } from './faults/targets.ts'
import type { Struck } from './ledger/laws.ts'
import { connectLogReader, type LogEntry } from './ledger/log-reader.ts'
import { readTold } from './ledger/told.ts'
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
  /** What is not as it shall be after this time is a finding; 45 s where absent. */
  readonly settleWithinMs?: number
  readonly keep: boolean
  /** Ends the run early, in order. */
  readonly signal: AbortSignal
  readonly say: (line: string) => void
}

export type { LawName }

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
  /** Orders of kills within one cycle that came true. */
  readonly orders: Covered
  readonly counts: {
    readonly starts: number
    readonly exits: number
    /** Ends of updates by what came of them, as the log tells. */
    readonly updates: Readonly<Record<string, number>>
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

/** Of a machine that has time for it. */
export const SETTLE_WITHIN_MS = 45_000
const TELL_EVERY = 50

export const runChaos = async (options: RunOptions): Promise<RunResult> => {
  const { binary, seed, cycles, nodes, instances, settleEvery, signal, say } = options
  const settleWithinMs = options.settleWithinMs ?? SETTLE_WITHIN_MS
  const began = performance.now()
  const dice: Dice = createDice(seed)
  const world = await startWorld({ binary, nodes, instances })
  const reader = await connectLogReader(world.nats.url)
  const load = startLoad({ ...world, urls: () => world.apis.map(({ facts }) => String(facts['url'])) })
  const struck: Struck[] = []
  const findings: Finding[] = []
  const story: string[] = []
  const settleMs: number[] = []
  const kills = Object.fromEntries(targets.map((target) => [target, 0])) as Record<Target, number>
  const coverage = createCoverage()
  let cycle = 0
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
  const check = createChecks({ world, nodes, reader, load, struck, found })
  const runCycle = createCycles({ world, load, dice, coverage, tell, struck, kills })

  /** Leaves the system alone until everything is as the log wants it; what is not by then is a finding. */
  const settle = async (): Promise<void> => {
    const since = performance.now()
    const passedMs = (): number => performance.now() - since
    let late: readonly string[] = []
    const look = setInterval(() => (late = world.notReady().length > 0 ? world.notReady() : late), 50)
    await Promise.race([
      Promise.all([world.allReady(), load.allAnswered()]),
      delay(settleWithinMs, undefined, { ref: false }),
    ])
    clearInterval(look)
    const readyMs = passedMs()
    found(
      'converged',
      world.notReady().map((name) => `${name} is not back`),
    )
    found(
      'commands',
      load.unanswered().map(({ id, what }) => `${what} (${id}) has no answer`),
    )
    let left = await check.different()
    let last: string | undefined
    while (left.length > 0 && passedMs() < settleWithinMs) {
      last = left[0]
      await delay(40)
      left = await check.different()
    }
    settleMs.push(passedMs())
    tell(
      `settled in ${passedMs().toFixed(0)} ms (${readyMs.toFixed(0)} until all were back, ` +
        `last ${late.join(', ') || 'people with their answers'}; then ${last ?? 'nothing'})`,
    )
    found('orphans', left.filter(isLeftOver))
    found(
      'converged',
      left.filter((one) => !isLeftOver(one)),
    )
  }

  /** What ended is told a moment later; an end that is never told is found by the check that follows. */
  const untilAllTold = async (): Promise<void> => {
    const since = performance.now()
    while (!(await check.allTold()) && performance.now() - since < settleWithinMs) await delay(50)
  }

  try {
    await load.applyAll()
    await settle()
    say(`everything runs after ${((performance.now() - began) / 1000).toFixed(1)} s: ${world.dir}`)
    for (cycle = 1; cycle <= cycles && findings.length === 0 && !signal.aborted; cycle += 1) {
      await runCycle(cycle)
      check.always()
      if (cycle % TELL_EVERY === 0) say(`${cycle} cycles after ${((performance.now() - began) / 1000).toFixed(0)} s`)
      if (cycle % settleEvery !== 0) continue
      await settle()
      await check.settled(false)
      check.always()
    }
    if (findings.length === 0 && !signal.aborted) {
      await settle()
      await load.stopAll()
      await settle()
      await load.end()
      await untilAllTold()
      await check.settled(true)
      check.always()
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
    orders: coverage.covered(),
    counts: {
      ...check.counts(),
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
