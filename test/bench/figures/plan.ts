/**
 * `plan_100k`: on a real server, from the evaluation of a new job for 100,000 nodes to the last grant of its first wave
 * of 10,000, through both steps of the ramp; `plan_100k_first` ends with the first grants. Nodes settle after one window of 200 ms.
 */
import { jobKeyText, type JobKey } from '@dunlin/contracts'
import { setTimeout as pause } from 'node:timers/promises'
import type { Bench, BenchContext } from '../bench.ts'
import { figure, type Figure } from '../figure.ts'
import { settledByOneWindow } from '../load/fleet-job.ts'
import { median, tellValues } from '../measure/rounds.ts'
import type { PlayedNode } from '../played/node.ts'
import { withEngineAlone, type EngineAlone } from '../stage/engine-alone.ts'

const ANSWER_WITHIN_MS = 60_000
const FIRST_STEP = 2

interface Planned {
  readonly planMs: number
  readonly firstMs: number
  readonly waveMs: number
}

/** A node's first window ends this long after its grant: the shortest that a policy may ask for. */
const WINDOW_MS = 200

/** They report, and tell the end of a good window until `isOver`, as every heartbeat of an agent does. */
const answer = async (
  stage: EngineAlone,
  key: JobKey,
  nodes: readonly PlayedNode[],
  isOver: () => boolean,
): Promise<void> => {
  await Promise.all([stage.report(key, nodes), pause(WINDOW_MS)])
  for (const node of nodes) {
    const one = node.executions.get(jobKeyText(key))
    if (one !== undefined) one.sinceMs = performance.now() - one.intervalMs
  }
  while (!isOver()) {
    for (const node of nodes) stage.beat(node)
    await pause(5 * WINDOW_MS)
  }
}

const planned = async (stage: EngineAlone, round: number): Promise<Planned> => {
  const wave = stage.fleet.nodes.length / 10
  // Nobody is left to answer in the last step: the wave has been granted.
  const steps = new Set([FIRST_STEP, FIRST_STEP + Math.ceil(wave / 10), wave])
  const key = await stage.apply(settledByOneWindow(1, `planned-${round}`))
  const placing = stage.place(key)
  let evaluatedMs = 0
  let planMs = 0
  let firstMs = 0
  let granted = 0
  let step: readonly PlayedNode[] = []
  for (;;) {
    const heard = await stage.next(key, ANSWER_WITHIN_MS)
    if (heard === undefined) throw new Error(`only ${granted} nodes were granted`)
    for (const { type } of heard.events) {
      if (type === 'PlacementCompleted') evaluatedMs = heard.atMs
      if (type === 'PlanCompleted') planMs = heard.atMs - evaluatedMs
    }
    step = [...step, ...heard.granted]
    granted += heard.granted.length
    if (heard.granted.length === 0 || !steps.has(granted)) continue
    if (granted === FIRST_STEP) firstMs = heard.atMs - evaluatedMs
    if (granted === wave) {
      await placing
      return { planMs, firstMs, waveMs: heard.atMs - evaluatedMs }
    }
    const upTo = granted
    void answer(stage, key, step, () => granted > upTo)
    step = []
  }
}

const run = async (context: BenchContext, wanted: ReadonlySet<string>): Promise<readonly Figure[]> => {
  const [nodes, rounds] = context.quick ? [1_000, 1] : [100_000, 5]
  return withEngineAlone(context, nodes, async (stage) => {
    const all: Planned[] = []
    for (let round = 1; round <= rounds; round += 1) {
      const one = await planned(stage, round)
      context.say(`${one.planMs.toFixed(0)} planned, ${one.firstMs.toFixed(0)} first, ${one.waveMs.toFixed(0)} ms wave`)
      all.push(one)
    }
    const { cpuMs, rssMb } = await stage.engine.ask({ do: 'measure' }, 'measured')
    const seconds = (of: keyof Planned): number => median(all.map((one) => one[of])) / 1000
    const told = (of: keyof Planned): string =>
      tellValues(
        all.map((one) => one[of]),
        'ms',
      )
    const goal = { below: 3 } as const
    const detail =
      `from the evaluation in the log to the last of ${nodes / 10} grants, the nodes of both steps of the ramp having ` +
      `reported and, after ${WINDOW_MS} ms, settled in between: ${told('waveMs')}; plan complete after ${told('planMs')}; engine alone in its ` +
      `process, ${(cpuMs / rounds / 1000).toFixed(1)} s CPU a job, ${rssMb.toFixed(0)} MB`
    const figures: Figure[] = []
    if (wanted.has('plan_100k')) figures.push(figure('plan_100k', seconds('waveMs'), 's', goal, detail))
    if (wanted.has('plan_100k_first'))
      figures.push(figure('plan_100k_first', seconds('firstMs'), 's', goal, `to the first grants: ${told('firstMs')}`))
    return figures
  })
}

export const plan: Bench = { figures: ['plan_100k', 'plan_100k_first'], run }
