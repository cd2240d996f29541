/** Makes a failing scenario small: fewer actions, nodes and instances, shorter times, while the same law breaks. */
import type { Law } from '../laws/names.ts'
import type { Action, Scenario } from '../scenario/types.ts'
import { simulate } from './simulate.ts'

export interface Shrunk {
  readonly scenario: Scenario
  readonly runs: number
}

type Candidate = Scenario | undefined

/** @param most how many runs it may take */
export const shrink = async (failing: Scenario, law: Law, most = 400): Promise<Shrunk> => {
  let best = failing
  let runs = 0
  const breaks = async (scenario: Scenario): Promise<boolean> => {
    if (runs >= most) return false
    runs += 1
    const { broken } = await simulate(scenario, { untilBroken: true })
    return broken.some((one) => one.law === law)
  }
  const tryOne = async (candidate: Candidate): Promise<boolean> => {
    if (candidate === undefined || !(await breaks(candidate))) return false
    best = candidate
    return true
  }

  for (let before: Scenario | undefined; before !== best;) {
    before = best
    await fewerActions(() => best, tryOne)
    for (const smaller of worlds) while (await tryOne(smaller(best)));
    for (let n = 0; n < best.actions.length; n += 1)
      for (const milder of actions) while (await tryOne(withAction(best, n, milder)));
  }
  return { scenario: best, runs }
}

/** Delta debugging: leaves out halves, then quarters, then single actions. */
const fewerActions = async (
  best: () => Scenario,
  tryOne: (candidate: Candidate) => Promise<boolean>,
): Promise<void> => {
  for (let size = Math.ceil(best().actions.length / 2); size >= 1; size = size === 1 ? 0 : Math.ceil(size / 2))
    for (let from = 0; from < best().actions.length;) {
      const { actions: all } = best()
      const gone = all.slice(from, from + size)
      const rest = [...all.slice(0, from), ...all.slice(from + size)]
      // Time goes on without them, so that what comes after happens at the same instant.
      const next = rest[from]
      const afterMs = gone.reduce((sum, action) => sum + action.afterMs, 0)
      if (next !== undefined) rest[from] = { ...next, afterMs: next.afterMs + afterMs }
      if (!(await tryOne({ ...best(), actions: rest }))) from += size
    }
}

const worlds: readonly ((scenario: Scenario) => Candidate)[] = [
  (one) => (one.nodes > 1 ? { ...one, nodes: Math.floor(one.nodes / 2) } : undefined),
  (one) => (one.nodes > 1 ? { ...one, nodes: one.nodes - 1 } : undefined),
  (one) => (one.sites > 1 ? { ...one, sites: 1 } : undefined),
  (one) => (one.noisy.length > 0 ? { ...one, noisy: [] } : undefined),
  (one) =>
    one.instances.scheduler + one.instances.engine + one.instances.api > 3
      ? { ...one, instances: { scheduler: 1, engine: 1, api: 1 } }
      : undefined,
]

const round = (ms: number): number => (ms > 1_000 ? 1_000 * Math.round(ms / 1_000) : Math.round(ms))

const actions: readonly ((action: Action) => Action | undefined)[] = [
  (action) => (action.afterMs > 0 ? { ...action, afterMs: 0 } : undefined),
  (action) => (action.afterMs > 2 ? { ...action, afterMs: Math.floor(action.afterMs / 2) } : undefined),
  (action) => (round(action.afterMs) < action.afterMs ? { ...action, afterMs: round(action.afterMs) } : undefined),
  (action) =>
    'forMs' in action && action.forMs > 1_000 ? { ...action, forMs: round(Math.floor(action.forMs / 2)) } : undefined,
  (action) => ('call' in action && action.call > 1 ? { ...action, call: Math.floor(action.call / 2) } : undefined),
  (action) => (action.do === 'apply' ? withoutOneSetting(action) : undefined),
]

/** Takes the first setting out that is not needed; nothing is left to take when only the windows remain. */
const withoutOneSetting = (action: Extract<Action, { do: 'apply' }>): Action | undefined => {
  const first = Object.keys(action.rollout).find((name) => !['strategy', 'health_check', 'expiry'].includes(name))
  if (first === undefined) return undefined
  const { [first]: _, ...rollout } = action.rollout
  return { ...action, rollout }
}

const withAction = (scenario: Scenario, at: number, change: (action: Action) => Action | undefined): Candidate => {
  const action = scenario.actions[at]
  const changed = action === undefined ? undefined : change(action)
  return changed === undefined ? undefined : { ...scenario, actions: scenario.actions.with(at, changed) }
}
