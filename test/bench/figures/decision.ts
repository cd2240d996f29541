/**
 * `decision_10k`: on a real server, from the heartbeat that settles a wave (or halts the rollout) to the last grant that
 * follows from it, read from the log by another process; 10,000 nodes, all of them validating something all the time.
 * `decision_10k_cpu`: CPU time of the engine for each heartbeat of such a fleet through a whole rollout.
 */
import { setTimeout as pause } from 'node:timers/promises'
import { jobKeyText, type JobKey } from '@dunlin/contracts'
import type { Bench, BenchContext } from '../bench.ts'
import { figure, type Figure } from '../figure.ts'
import { inDefaultWaves, settledByOneWindow, validatedForLong } from '../load/fleet-job.ts'
import { closedWell } from '../measure/closed.ts'
import { quantile } from '../measure/rounds.ts'
import type { PlayedNode } from '../played/node.ts'
import { passTime } from '../played/time.ts'
import { withEngineAlone, type EngineAlone } from '../stage/engine-alone.ts'
import { startInMemory } from '../stage/in-memory.ts'

/** Heartbeats of a wave come in over this time, because its nodes were not granted at one instant. */
const SPREAD_MS = 500
/** After so long without a commit of the job everything that follows from the last one has been said. */
const QUIET_MS = 400
const ANSWER_WITHIN_MS = 20_000
const BEAT_EVERY_MS = 10_000
const BACKGROUND_STEP_MS = 10

interface Decided {
  readonly kind: 'wave' | 'halt'
  readonly ms: number
  readonly grants: number
}

/** All nodes beat every ten seconds, evenly, whatever else happens. */
const beatInTheBackground = (stage: EngineAlone): (() => void) => {
  const { nodes } = stage.fleet
  const began = performance.now()
  let sent = 0
  const timer = setInterval(() => {
    const due = Math.floor(((performance.now() - began) / BEAT_EVERY_MS) * nodes.length)
    for (; sent < due; sent += 1) stage.beat(nodes[sent % nodes.length] as PlayedNode)
  }, BACKGROUND_STEP_MS)
  return () => clearInterval(timer)
}

const BARE_EVERY_MS = 50

/** The bare baseline of a latency: small writes to the same server at the same time. */
const writeInTheBackground = (stage: EngineAlone): (() => readonly number[]) => {
  const took: number[] = []
  let over = false
  void (async () => {
    for (;;) {
      await pause(BARE_EVERY_MS)
      if (over) return
      took.push(await stage.bareWrite())
    }
  })()
  return () => {
    over = true
    return took
  }
}

interface Followed {
  readonly granted: readonly PlayedNode[]
  readonly lastGrantMs: number
  readonly halted: boolean
  readonly closed: boolean
}

/** What the engine says until it has said everything. */
const listen = async (stage: EngineAlone, key: JobKey): Promise<Followed> => {
  const granted: PlayedNode[] = []
  let lastGrantMs = 0
  let halted = false
  let closed = false
  for (;;) {
    const heard = await stage.next(key, granted.length > 0 || closed ? QUIET_MS : ANSWER_WITHIN_MS)
    if (heard === undefined) break
    for (const { type } of heard.events) {
      halted ||= type === 'RolloutHalted'
      closed ||= type === 'RolloutClosed'
    }
    if (heard.granted.length > 0) lastGrantMs = heard.atMs
    granted.push(...heard.granted)
  }
  if (granted.length === 0 && !closed) throw new Error('nothing followed from a decisive heartbeat')
  return { granted, lastGrantMs, halted, closed }
}

/** All nodes that wait for a verdict end a good window; the last one decides, and ends a bad one when it should. */
const settle = async (stage: EngineAlone, key: JobKey, nodes: readonly PlayedNode[], badly: boolean) => {
  const text = jobKeyText(key)
  const began = performance.now()
  let decisiveMs = began
  for (const [i, node] of nodes.entries()) {
    const one = node.executions.get(text)
    if (one === undefined) continue
    const waitMs = began + (SPREAD_MS * i) / nodes.length - performance.now()
    if (waitMs > 1) await pause(waitMs)
    one.failing = badly && i === nodes.length - 1
    decisiveMs = performance.now()
    one.sinceMs = decisiveMs - one.intervalMs
    stage.beat(node)
  }
  return decisiveMs
}

/** One version through the fleet; it fails at the end of a wave when that is given. */
const oneRollout = async (stage: EngineAlone, version: number, failAfter: number | undefined): Promise<Decided[]> => {
  const key = await stage.apply(settledByOneWindow(version))
  await stage.place(key)
  const decided: Decided[] = []
  let now = await listen(stage, key)
  let done = 0
  let failed = false
  while (!now.closed || now.granted.length > 0) {
    await stage.report(key, now.granted)
    done += now.granted.length
    const badly: boolean = !failed && failAfter !== undefined && done >= failAfter
    failed ||= badly
    const decisiveMs = await settle(stage, key, now.granted, badly)
    now = await listen(stage, key)
    if (badly !== now.halted) throw new Error(badly ? 'it should have halted' : 'it halted')
    if (now.granted.length === 0) continue
    decided.push({ kind: now.halted ? 'halt' : 'wave', ms: now.lastGrantMs - decisiveMs, grants: now.granted.length })
  }
  return decided
}

const latency = (context: BenchContext): Promise<Figure> => {
  const [nodes, rollouts] = context.quick ? [200, 2] : [10_000, 20]
  return withEngineAlone(context, nodes, async (stage) => {
    const watched = await stage.apply(validatedForLong(1))
    await stage.place(watched)
    const { granted } = await listen(stage, watched)
    for (const node of granted)
      for (const one of node.executions.values()) one.sinceMs = performance.now() - Math.random() * BEAT_EVERY_MS
    await stage.report(watched, granted)
    const stopBeating = beatInTheBackground(stage)
    const stopWriting = writeInTheBackground(stage)
    const decided: Decided[] = []
    try {
      for (let version = 1; version <= rollouts; version += 1) {
        // Every second one fails, after two to five waves of a tenth.
        const failAfter = version % 2 === 0 ? (nodes / 10) * (2 + ((version / 2) % 4)) : undefined
        const one = await oneRollout(stage, version, failAfter)
        context.say(`rollout ${version}: ${one.map(({ ms }) => ms.toFixed(0)).join(' ')} ms`)
        // The first one meets cold code, as no later one does.
        if (version > 1 || rollouts === 1) decided.push(...one)
      }
    } finally {
      stopBeating()
      stopWriting()
    }
    const { cpuMs, refused, lastError } = await stage.engine.ask({ do: 'measure' }, 'measured')
    if (refused > 0) throw new Error(`${refused} heartbeats were refused`)
    if (lastError !== '') context.say(`last error of the engine: ${lastError}`)
    const bare = stopWriting()
    const p99 = quantile(times(decided), 0.99)
    const detail =
      `${decided.length} decisions: ${tellKind('wave', decided)}; ${tellKind('halt', decided)}; engine alone in its ` +
      `process, nats-server beside it, 1,000 heartbeats a second and ${nodes / 10} within ${SPREAD_MS} ms before each ` +
      `decision, read back from the log; ${(cpuMs / 1000).toFixed(1)} s CPU of the engine in all; bare writes to ` +
      `the same server meanwhile: median ${quantile(bare, 0.5).toFixed(1)}, p99 ${quantile(bare, 0.99).toFixed(0)}, longest ` +
      `${Math.max(...bare).toFixed(0)} ms`
    return figure('decision_10k', p99, 'ms p99', { below: 100 }, detail)
  })
}

const times = (decided: readonly Decided[]): number[] => decided.map(({ ms }) => ms)

const tellKind = (kind: Decided['kind'], decided: readonly Decided[]): string => {
  const of = decided.filter((one) => one.kind === kind)
  const ms = times(of)
  const grants = quantile(
    of.map((one) => one.grants),
    0.5,
  )
  return (
    `${of.length} by a ${kind === 'wave' ? 'settled wave' : 'failure (halt, rollback planned and begun)'}, median ` +
    `${quantile(ms, 0.5).toFixed(0)}, longest ${Math.max(0, ...ms).toFixed(0)} ms for ${grants} grants`
  )
}

const cpu = async (context: BenchContext): Promise<Figure> => {
  const nodes = context.quick ? 200 : 10_000
  const world = await startInMemory(nodes, { scheduler: false })
  const all = world.fleet.nodes.map(({ id }) => id)
  const begin = async (body: string): Promise<void> => {
    const key = await world.through(world.person.apply(body))
    await world.through(world.person.place(key, all))
  }
  try {
    await begin(validatedForLong(1))
    await passTime(world, { until: (_, seconds) => seconds >= 30 })
    await begin(inDefaultWaves(1))
    const passed = await passTime(world, { until: (events) => closedWell(events, nodes) })
    const { cpuUs, parseUs, beats, seconds, bytes } = passed
    const detail =
      `${beats} heartbeats of ${(bytes / beats).toFixed(0)} bytes in ${seconds} simulated s: engine ` +
      `${(cpuUs / 1e6).toFixed(2)} s CPU with folding, verdicts, waves, grants and ticks, on the in-memory log; bare ` +
      `JSON.parse of the same heartbeats ${(parseUs / beats).toFixed(1)} us each`
    return figure('decision_10k_cpu', cpuUs / beats, 'us/heartbeat', { below: 20 }, detail)
  } finally {
    await world.stop()
  }
}

const run = async (context: BenchContext, wanted: ReadonlySet<string>): Promise<readonly Figure[]> => {
  const figures: Figure[] = []
  if (wanted.has('decision_10k')) figures.push(await latency(context))
  if (wanted.has('decision_10k_cpu')) figures.push(await cpu(context))
  return figures
}

export const decision: Bench = { figures: ['decision_10k', 'decision_10k_cpu'], run }
