/** A world for single stories: started, watched by all laws, and with eyes for what a story expects. */
import { desiredDocumentSchema, jobKeyText, type DesiredDocument, type JobKey } from '@dunlin/contracts'
import { isPresent, type Job, type PresentJob, type Rollout } from '@dunlin/domain'
import { createFoldWatch } from '../laws/fold.ts'
import type { Broken } from '../laws/names.ts'
import { checkNodes } from '../laws/rest.ts'
import { createWatch } from '../laws/watch.ts'
import { roles, type Role, type Verb } from '../scenario/types.ts'
import { keys, nodeName } from '../world/programs.ts'
import { createWorld, type World, type WorldOptions } from '../world/world.ts'
import { storyOf } from './story.ts'

export const [A, B] = keys as readonly [JobKey, JobKey]

export interface Stage {
  readonly world: World
  /** Simulated time passes. */
  pass(ms: number): Promise<void>
  /** Passes until something is so; throws with the story when it never is. */
  until(what: string, is: () => boolean, withinMs?: number): Promise<void>
  apply(key: JobKey, program: string, rollout?: Readonly<Record<string, unknown>>, selector?: object): Promise<void>
  /** Sends a command and waits for its answer; `ok` or the code of the refusal. */
  send(key: JobKey, verb: Verb, body?: Readonly<Record<string, unknown>>): Promise<string>
  job(key: JobKey): PresentJob
  rollout(key: JobKey): Rollout
  /** Version, type and phase of every rollout of a job, oldest first, as the naive ledger has them. */
  rollouts(key: JobKey): readonly string[]
  document(node: number): Promise<DesiredDocument>
  silence(node: number, silent: boolean): void
  /** What the node runs of a job. */
  runs(node: number, key: JobKey): readonly string[]
  broken(): readonly Broken[]
  story(): string
  watch: ReturnType<typeof createWatch>
  stateOf(key: JobKey): Job
}

export interface StageOptions extends Partial<WorldOptions> {
  readonly instances?: Readonly<Record<Role, number>>
}

/** Windows of a second, so that a story takes minutes. */
export const quick = (more: Readonly<Record<string, unknown>> = {}): Readonly<Record<string, unknown>> => ({
  health_check: { interval: '1s', success_threshold: 1, failure_threshold: 2, deadline: '60s' },
  ...more,
})

const ONE_EACH = { scheduler: 1, engine: 1, api: 1 }

export const startStage = async ({ instances = ONE_EACH, ...options }: StageOptions = {}): Promise<Stage> => {
  const world = createWorld({ seed: 1, nodes: 4, ...options })
  const watch = createWatch(
    () => false,
    () => world.clock.monotonicMs(),
    (node) => world.readsNothing(node),
  )
  const folds = createFoldWatch()
  const found: Broken[] = []
  const storedAt = new Map<number, number>()
  world.store.faults.log.tap({
    onStored: (recorded) => {
      storedAt.set(recorded.seq, world.clock.monotonicMs())
      watch.take(recorded)
      folds.take(recorded, watch.ledger())
    },
    onRewound: (seq) => {
      watch.rewind(seq)
      folds.again(watch.log())
    },
  })
  let commands = 0
  const nextId = (): string => `cmd-${(commands += 1)}`
  const story = (): string => storyOf(world.story, watch.log(), (seq) => storedAt.get(seq) ?? 0).join('\n')

  const pass = async (ms: number): Promise<void> => {
    await world.pass(ms)
    checkNodes(world, (law, detail) => void found.push({ law, detail }))
  }
  const until = async (what: string, is: () => boolean, withinMs = 30 * 60_000): Promise<void> => {
    const endMs = world.clock.monotonicMs() + withinMs
    await world.pass(withinMs, is)
    if (!is() && world.clock.monotonicMs() >= endMs) throw new Error(`never: ${what}`)
  }
  const answered = async (id: string): Promise<string> => {
    // As any client does: no answer, the same command again.
    for (let n = 0; n < 10 && !world.answers.has(id); n += 1) {
      await world.pass(10_000, () => world.answers.has(id))
      if (!world.answers.has(id)) world.repeat()
    }
    await until(`${id} is answered`, () => world.answers.has(id), 60_000)
    const answer = world.answers.get(id)
    return answer?.ok === true ? 'ok' : (answer?.code ?? 'no answer')
  }
  const stateOf = (key: JobKey): Job => {
    const job = folds.fold().get('job', jobKeyText(key))?.state
    if (job === undefined) throw new Error(`there is no job ${jobKeyText(key)}`)
    return job
  }
  const job = (key: JobKey): PresentJob => {
    const state = stateOf(key)
    if (!isPresent(state)) throw new Error(`${jobKeyText(key)} was never applied`)
    return state
  }

  for (const role of roles) for (let n = 0; n < instances[role]; n += 1) await world.start(role)
  await pass(5_000)
  return {
    world,
    watch,
    pass,
    until,
    apply: async (key, program, rollout = quick(), selector = {}) => {
      const id = nextId()
      world.apply(key, program, { selector, rollout }, id)
      const answer = await answered(id)
      if (answer !== 'ok') throw new Error(`apply was refused: ${answer}`)
    },
    send: (key, verb, body = {}) => {
      const id = nextId()
      world.send({ id, key, verb, body })
      return answered(id)
    },
    stateOf,
    job,
    rollout: (key) => {
      const { current } = job(key).rollouts
      if (current === undefined) throw new Error(`${jobKeyText(key)} has no rollout`)
      return current
    },
    rollouts: (key) =>
      (watch.ledger().jobs.get(jobKeyText(key))?.rollouts ?? []).map(
        ({ version, type, phase }) => `v${version} ${type} ${phase}`,
      ),
    document: async (node) => {
      const entry = await world.store.desired.get(nodeName(node))
      return desiredDocumentSchema.parse(JSON.parse(new TextDecoder().decode(entry?.value)))
    },
    silence: (node, silent) => world.agents.silence(nodeName(node), silent),
    runs: (node, key) =>
      [...(world.agents.nodes.get(nodeName(node))?.executions.values() ?? [])]
        .filter(({ entry, state }) => state === 'running' && jobKeyText(entry.job) === jobKeyText(key))
        .map(({ entry }) => entry.content),
    broken: () => [...watch.broken, ...folds.broken, ...found],
    story,
  }
}
