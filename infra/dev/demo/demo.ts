/**
 * `npm run demo`: a real server, real services and five real agents; a job that becomes healthy in waves, and a version
 * of it that does not, is halted at its second node and rolled back. Exits 0 only when everything went as told here.
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
import { explainHalted } from './explain.ts'
import { checkHalted, checkRolledBack, checkRunning, type Before } from './checks.ts'
import { followStory, type Following } from './follow-story.ts'
import { frameOf } from './frame.ts'
import { startLogLines, type LogLines } from './log-lines.ts'
import { paint } from './paint.ts'
import { createScreen, type Screen } from './screen.ts'
import { badMapping, badSpec, goodMapping, goodSpec, key } from './specs.ts'
import { rolloutOf } from './story.ts'
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
  let explained: readonly string[] = []
  try {
    const before = await firstVersion(fleet, following, screen, lines)
    await secondVersion(fleet, following, screen, before)
    explained = await explainHalted(fleet, following.story)
    if (flags.record !== undefined)
      screen.print(`recorded ${await recordHistory(fleet.nats, flags.record)} commits in ${flags.record}\n`)
  } finally {
    await lines.stop()
    following.stop()
  }
  for (const line of [...explained, '', ...summary(following.story.commits, key), '', ...howToLookFurther(), ''])
    screen.print(line)
  return 'told'
}

const show = (screen: Screen, following: Following, version: number): void =>
  screen.live(() => frameOf(following.story, version, Date.now(), process.stdout.columns ?? 200))

const firstVersion = async (fleet: Fleet, following: Following, screen: Screen, lines: LogLines): Promise<Before> => {
  screen.print('')
  screen.print(paint('bold', '1. A job from apply to healthy'))
  screen.print(
    `  An application logs on five nodes. ${join('examples', 'log-processor.json')} reads its files and maps every line:`,
  )
  screen.print(mapping(goodMapping))
  show(screen, following, 1)
  await fleet.client.jobs.apply({ spec: goodSpec() })
  await following.until(
    'version 1 runs healthy on every node',
    PATIENCE_MS,
    (story) => rolloutOf(story, 1)?.phase === 'completed' && story.state === 'running',
    (story) => {
      const halted = rolloutOf(story, 1)?.halted
      return halted === undefined ? undefined : `the rollout halted: ${halted.message}`
    },
  )
  screen.settle()
  const { before, node, line } = await checkRunning(fleet, following.story)
  screen.print(`  ${lines.written} lines were logged so far. One of them, as it left ${node}:`)
  screen.print(paint('cyan', `    ${line}`))
  return before
}

const secondVersion = async (fleet: Fleet, following: Following, screen: Screen, before: Before): Promise<void> => {
  screen.print('')
  screen.print(paint('bold', '2. A version that only real lines prove wrong'))
  screen.print('  Its mapping is valid, so it is accepted; but the lines say "duration": "41ms", which is no number:')
  screen.print(mapping(badMapping))
  show(screen, following, 2)
  await fleet.client.jobs.apply({ spec: badSpec() })
  await following.until(
    'the rollout of version 2 halts',
    PATIENCE_MS,
    (story) => rolloutOf(story, 2)?.halted !== undefined,
    (story) => (rolloutOf(story, 2)?.phase === 'completed' ? 'version 2 completed' : undefined),
  )
  screen.settle()
  const { seq, touched } = checkHalted(following.story)
  screen.print(
    `  Commit #${seq} halted it and opened the way back, both at once: version 3, with the content of version 1.`,
  )
  show(screen, following, 3)
  await following.until(
    'version 3 runs healthy where version 2 was',
    PATIENCE_MS,
    (story) => rolloutOf(story, 3)?.phase === 'completed' && story.state === 'running',
    (story) => {
      const halted = rolloutOf(story, 3)?.halted
      return halted === undefined ? undefined : `the rollback halted: ${halted.message}`
    },
  )
  screen.settle()
  const { spared } = await checkRolledBack(fleet, following.story, before, touched)
  screen.print(
    `  Version 2 reached ${touched.join(' and ')}, 2 of 5. Both run the content of version 1 again; on ${spared.join(', ')} the same\n` +
      `  processes have been running all the time. So say the API and the disks of the nodes.`,
  )
  screen.print('')
}

const mapping = (text: string): string =>
  text
    .trimEnd()
    .split('\n')
    .map((line) => paint('cyan', `    ${line}`))
    .join('\n')
