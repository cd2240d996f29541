/**
 * `npm run demo`: a real server, real services and five real agents; a job that becomes healthy in waves, and a version
 * of it that does not. Exits 0 only when everything went as told here.
 */
import { mkdirSync, mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { launchFleet, type Fleet } from '../fleet.ts'
import type { DemoFlags } from '../flags.ts'
import { recordHistory } from '../record-history.ts'
import { say, seconds } from '../say.ts'
import { removeDataDir } from '../start.ts'
import { stopOnSignals, untilAborted } from '../until-stopped.ts'
import { checkHalted, checkRunning } from './checks.ts'
import { followStory, type Following } from './follow-story.ts'
import { frameOf } from './frame.ts'
import { startLogLines, type LogLines } from './log-lines.ts'
import { paint } from './paint.ts'
import { createScreen, type Screen } from './screen.ts'
import { badMapping, badSpec, goodMapping, goodSpec, key } from './specs.ts'
import { howToLookFurther, summary } from './summary.ts'

const NODES = 5
/** Of one part of the story; a slow machine takes a tenth of it. */
const PATIENCE_MS = 60_000

/** @returns the exit code. @throws LaunchError when the story differs from the one expected */
export const demo = async (flags: DemoFlags): Promise<number> => {
  const begin = performance.now()
  const dataDir = mkdtempSync(join(tmpdir(), 'dunlin-demo-'))
  mkdirSync(join(dataDir, 'logs'), { recursive: true })
  const launch = launchFleet({
    nodes: NODES,
    apiPort: 0,
    natsPort: undefined,
    dataDir,
    acceptRunningServer: false,
    actor: 'demo',
  })
  const stopper = stopOnSignals(launch)
  const screen = createScreen(process.stdout)
  let outcome: 'told' | 'interrupted' | 'failed' = 'failed'
  try {
    const told = tellAll(launch.ready, screen, stopper.signal, flags)
    // The reason why an interrupted demo failed is the interruption.
    told.catch(() => {})
    outcome = (await Promise.race([told, untilAborted(stopper.signal)])) ?? 'interrupted'
  } finally {
    screen.settle()
    await stopper.stop()
    if (flags.keep || outcome === 'failed') say(`data and logs are in ${dataDir}`)
    else removeDataDir(dataDir)
  }
  if (outcome === 'told') screen.print(paint('dim', `everything stopped after ${seconds(performance.now() - begin)}`))
  return outcome === 'told' ? 0 : 130
}

const tellAll = async (
  ready: Promise<Fleet>,
  screen: Screen,
  stopping: AbortSignal,
  flags: DemoFlags,
): Promise<'told'> => {
  const fleet = await ready
  const following = followStory(fleet.client, screen, stopping)
  const lines = startLogLines(fleet.nodes)
  try {
    await firstVersion(fleet, following, screen, lines)
    await secondVersion(fleet, following, screen)
    if (flags.record !== undefined)
      screen.print(`recorded ${await recordHistory(fleet.nats, flags.record)} commits in ${flags.record}\n`)
  } finally {
    await lines.stop()
    following.stop()
  }
  for (const line of [...summary(following.story.commits, key), '', ...howToLookFurther(), '']) screen.print(line)
  return 'told'
}

const show = (screen: Screen, following: Following): void =>
  screen.live(() => frameOf(following.story, Date.now(), process.stdout.columns ?? 200))

const firstVersion = async (fleet: Fleet, following: Following, screen: Screen, lines: LogLines): Promise<void> => {
  screen.print('')
  screen.print(paint('bold', '1. A job from apply to healthy'))
  screen.print(
    `  An application logs on five nodes. ${join('examples', 'log-processor.json')} reads its files and maps every line:`,
  )
  screen.print(mapping(goodMapping))
  show(screen, following)
  await fleet.client.jobs.apply({ spec: goodSpec() })
  await following.until(
    'version 1 runs healthy on every node',
    PATIENCE_MS,
    ({ rollout, state }) => rollout?.phase === 'completed' && state === 'running',
    ({ rollout }) => (rollout?.phase === 'halted' ? `the rollout halted: ${rollout.halted?.message}` : undefined),
  )
  screen.settle()
  const sample = await checkRunning(fleet, following.story)
  screen.print(`  ${lines.written} lines were logged so far. One of them, as it left ${sample.node}:`)
  screen.print(paint('cyan', `    ${sample.line}`))
}

const secondVersion = async (fleet: Fleet, following: Following, screen: Screen): Promise<void> => {
  screen.print('')
  screen.print(paint('bold', '2. A version that only real lines prove wrong'))
  screen.print('  Its mapping is valid, so it is accepted; but the lines say "duration": "41ms", which is no number:')
  screen.print(mapping(badMapping))
  show(screen, following)
  await fleet.client.jobs.apply({ spec: badSpec() })
  await following.until(
    'the rollout of version 2 halts',
    PATIENCE_MS,
    ({ rollout, state }) => rollout?.version === 2 && rollout.phase === 'halted' && state === 'rollout_failed',
    ({ rollout }) => (rollout?.version === 2 && rollout.phase === 'completed' ? 'version 2 completed' : undefined),
  )
  screen.settle()
  const { touched, spared } = await checkHalted(fleet, following.story)
  screen.print(
    `  It reached ${touched.join(' and ')} and nobody else: ${spared.join(', ')} run version 1 as before.\n` +
      paint('dim', `  Going back by itself comes with a later release; a person applies the good spec again.`),
  )
  screen.print('')
}

const mapping = (text: string): string =>
  text
    .trimEnd()
    .split('\n')
    .map((line) => paint('cyan', `    ${line}`))
    .join('\n')
