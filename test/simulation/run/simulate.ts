/** Runs one scenario: what it says happens, then everything heals, and the laws are looked at all the way. */
import { seededRandom, sha256 } from '@dunlin/runtime'
import { checkEnding } from '../laws/ending.ts'
import { createFoldWatch } from '../laws/fold.ts'
import { checkNodes, checkObedience, checkQuiet, checkRest, isSettled } from '../laws/rest.ts'
import type { Broken } from '../laws/names.ts'
import { createWatch } from '../laws/watch.ts'
import { perform, type Stage } from '../scenario/perform.ts'
import { roles, type Action, type Scenario } from '../scenario/types.ts'
import { createWorld, type World } from '../world/world.ts'
import { storyOf } from './story.ts'

export interface SimulationResult {
  readonly scenario: Scenario
  readonly commits: number
  readonly simulatedMs: number
  readonly broken: readonly Broken[]
  /** Told only when a law broke, or when asked for. */
  readonly story: readonly string[]
  /** Hash of the whole log: two runs of a scenario must agree. */
  readonly digest: string
}

export interface SimulateOptions {
  readonly tell?: boolean
  /** Shrinking looks for one broken law: the first ends the run. */
  readonly untilBroken?: boolean
}

/** No scenario needs a tenth of it: more means that two parts answer each other for ever. */
const RUNAWAY = 20_000
/** Longer than every limit that a scenario sets, and than the quarter of an hour after which silent grants are revoked. */
const REST_MS = 25 * 60_000
const REST_STEP_MS = 30_000
/** Silence is noticed after 45 s, and a judge says what it sees after 30 s of listening. */
const CALM_STEPS = 4
/** A derived state is recorded once a second at most; nothing else waits longer than this for a service that leads. */
const QUIET_MS = 2_500
const LOOK_MS = 4_000
const LEADS_AT_FIRST_MS = 5_000
/** At how many places a history is cut and looked at again. */
const CUTS = 4

export const simulate = async (scenario: Scenario, options: SimulateOptions = {}): Promise<SimulationResult> => {
  const { seed, nodes, sites, noisy, slow } = scenario
  const world = createWorld({ seed, nodes, sites, noisy, slow })
  const { clock, store } = world
  let troubledUntilMono = LEADS_AT_FIRST_MS
  const isTroubled = (): boolean => clock.monotonicMs() < troubledUntilMono
  const watch = createWatch(isTroubled, () => clock.monotonicMs())
  const folds = createFoldWatch()
  store.faults.log.tap({
    onStored: (recorded) => {
      storedAt.set(recorded.seq, clock.monotonicMs())
      watch.take(recorded)
      folds.take(recorded, watch.ledger())
    },
    onRewound: (seq) => {
      watch.rewind(seq)
      folds.again(watch.log())
    },
  })
  const found: Broken[] = []
  /** By the clock that does not jump; a sequence that the log lost comes again. */
  const storedAt = new Map<number, number>()
  const broken = (): Broken[] => [...watch.broken, ...folds.broken, ...found]
  const isOver = (): boolean => watch.log().length > RUNAWAY || (options.untilBroken === true && broken().length > 0)

  await world.startAll(scenario.instances)
  const stage: Stage = {
    world,
    scenario,
    lastSeq: () => watch.log().at(-1)?.seq ?? 0,
    // Roughly what the server counts; the rest of a message is its headers and record.
    logBytes: () => watch.log().reduce((sum, { data, subject }) => sum + data.length + subject.length + 100, 0),
    idOf: (action: Action) => `cmd-${scenario.actions.indexOf(action) + 1}`,
    trouble: (forMs) => void (troubledUntilMono = Math.max(troubledUntilMono, clock.monotonicMs() + forMs)),
  }
  for (const action of scenario.actions) {
    await world.pass(action.afterMs, isOver)
    if (isOver()) break
    if (action.do === 'look') found.push(...(await look(world, folds, watch, isTroubled)))
    else await perform(stage, action)
    checkNodes(world, (law, detail) => void found.push({ law, detail }))
  }
  if (!isOver()) {
    await heal(world, nodes)
    await rest(world, watch, isOver, { seed, slow })
  }
  if (watch.log().length > RUNAWAY) found.push({ law: 'L5', detail: `${watch.log().length} commits` })
  else if (!isOver()) {
    found.push(...(await checkQuiet(world, folds.fold(), watch.ledger())), ...checkRest(watch.ledger()))
    checkObedience(world, folds.fold(), (law, detail) => void found.push({ law, detail }))
    const random = seededRandom(seed)
    for (let n = 0; n < CUTS; n += 1) found.push(...checkEnding(watch.log(), random.float(), random.float()))
    found.push(...checkCommands(world, watch))
  }
  const log = watch.log()
  const digest = sha256(log.map(({ subject, data }) => `${subject} ${Buffer.from(data).toString()}`).join('\n'))
  const all = broken()
  const story =
    all.length > 0 || options.tell === true ? storyOf(world.story, log, (seq) => storedAt.get(seq) ?? 0) : []
  world.end()
  return { scenario, commits: log.length, simulatedMs: clock.monotonicMs(), broken: all, story, digest }
}

/** A quiet moment in the middle, with nodes away or not: what services can do without them must be done. */
const look = async (
  world: World,
  folds: ReturnType<typeof createFoldWatch>,
  watch: ReturnType<typeof createWatch>,
  isTroubled: () => boolean,
): Promise<Broken[]> => {
  await world.pass(LOOK_MS)
  const before = folds.fold().position?.seq
  await world.pass(QUIET_MS)
  const isWhole = roles.every((role) => world.instances.some((one) => one.role === role))
  if (isTroubled() || !isWhole || folds.fold().position?.seq !== before) return []
  world.tell('a look at a quiet world')
  return checkQuiet(world, folds.fold(), watch.ledger())
}

/**
 * Time for everything to end. Most worlds are at rest soon and are left when nothing has happened for a while; one of ten is
 * watched for as long as any limit could take, so that what comes late is seen too.
 */
const rest = async (
  world: World,
  watch: ReturnType<typeof createWatch>,
  isOver: () => boolean,
  { seed, slow }: { readonly seed: number; readonly slow: boolean },
): Promise<void> => {
  const untilMono = world.clock.monotonicMs() + (slow ? 8 * REST_MS : REST_MS)
  let calm = 0
  while (world.clock.monotonicMs() < untilMono && !isOver()) {
    const before = watch.log().length
    await world.pass(REST_STEP_MS, isOver)
    calm = watch.log().length === before && isSettled(watch.ledger()) ? calm + 1 : 0
    if (calm >= CALM_STEPS && seed % 10 !== 0) return
  }
}

const checkCommands = (world: World, watch: ReturnType<typeof createWatch>): Broken[] => {
  const broken: Broken[] = []
  for (const [id, { ok, of, unchanged, seq }] of world.answers) {
    if (!ok || unchanged === true || watch.lost.has(id)) continue
    if (watch.commands().get(of)?.has(id) !== true)
      broken.push({ law: 'Kept', detail: `${id} of ${of}, acknowledged at ${seq}` })
  }
  return broken
}

const heal = async (world: World, nodes: number): Promise<void> => {
  const { store, agents, instances } = world
  world.tell('everything heals')
  store.faults.log.restore()
  store.faults.log.limit(-1)
  store.faults.log.delayDelivery(0)
  store.faults.log.loseNextAcks(0)
  store.faults.bus.setLive(true)
  world.setWeather(undefined)
  for (const one of instances) {
    // A blow that did not fall yet must not fall on the world at rest.
    one.plugged.strike(Infinity, 'after', () => {})
    one.plugged.thaw()
  }
  if (nodes > 0) for (const id of agents.nodes.keys()) agents.silence(id, false)
  await world.startAll({ scheduler: 1, engine: 1, api: 1 })
}
