/**
 * Draws the scenario of a seed. Not every seed has every fault: each draws its own mix, because a world in which everything
 * breaks at once hides what one fault does, and sizes vary, because small worlds reach corners that large ones never do.
 */
import { chanceOf, type Chance } from './chance.ts'
import { drawRollout } from './draw-rollout.ts'
import { programs, roles, type Action, type Deed, type Scenario, type Verb } from './types.ts'

const HOUR = 3_600_000

export const drawScenario = (seed: number): Scenario => {
  const chance = chanceOf(seed)
  const { pick, int, is } = chance
  const slow = is(0.015)
  const nodes = slow ? int(1, 4) : pick([0, 1, 2, 3, 4, 4, 5, 6, 8, 8, 10, 12, 16, 24].slice(is(0.97) ? 1 : 0))
  const mix = drawMix(chance, slow)
  const actions: Action[] = [{ ...drawApply(chance, 0), afterMs: 5_000 }]
  const count = int(4, slow ? 14 : 36)
  for (let n = 0; n < count; n += 1) actions.push({ ...pick(mix)(chance), afterMs: drawPause(chance, slow) })
  return {
    seed,
    nodes,
    sites: int(1, 3),
    jobs: is(0.3) ? 2 : 1,
    instances: { scheduler: is(0.3) ? 2 : 1, engine: is(0.35) ? 2 : 1, api: is(0.1) ? 2 : 1 },
    noisy: is(0.25) && nodes > 0 ? [int(0, nodes - 1)] : [],
    slow,
    actions,
  }
}

const drawPause = ({ is, float }: Chance, slow: boolean): number => {
  if (slow) return Math.round(is(0.15) ? float() * 30 * HOUR : float() * 60_000)
  return Math.round(is(0.3) ? float() * 200 : is(0.1) ? float() * 60_000 : float() * 8_000)
}

type Draw = (chance: Chance) => Deed

/** Commands are always there; of the faults a few kinds, each more or less often. */
const drawMix = (chance: Chance, slow: boolean): readonly Draw[] => {
  const people: readonly Draw[] = [
    (one) => drawApply(one, one.int(0, 1)),
    (one) => drawApply(one, 0),
    (one) => drawApply(one, 0),
    drawCommand,
    drawCommand,
    () => ({ do: 'repeat' }),
    () => ({ do: 'look' }),
  ]
  const kinds = slow ? [...awayForLong, ...faults.slice(0, 6)] : faults
  const chosen = kinds.filter(() => chance.is(0.35))
  return [...people, ...chosen.flatMap((draw) => (chance.is(0.5) ? [draw, draw] : [draw]))]
}

const drawApply = (chance: Chance, job: number): Extract<Deed, { do: 'apply' }> => ({
  do: 'apply',
  job,
  program: chance.is(0.5) ? chance.pick(programs.slice(0, 5)) : chance.pick(programs),
  selector: chance.is(0.75) ? 'all' : 'production',
  rollout: drawRollout(chance),
  ...drawMore(chance),
})

/** Most jobs have none of it. */
const drawMore = (chance: Chance): { readonly more?: Readonly<Record<string, unknown>> } => {
  const { is, pick } = chance
  if (is(0.7)) return {}
  const timeouts = {
    ...(is(0.4) ? { queue_timeout: pick(['10s', '60s', '300s']) } : {}),
    ...(is(0.4) ? { total_timeout: pick(['15s', '60s', '600s']) } : {}),
  }
  return {
    more: {
      ...(is(0.5) ? { priority: pick([10, 50, 90]) } : {}),
      ...(is(0.3) ? { restart_policy: 'never' } : {}),
      ...(Object.keys(timeouts).length > 0 ? { timeouts } : {}),
    },
  }
}

const VERBS: readonly Verb[] = [
  'stop',
  'delete',
  'pause',
  'pause',
  'resume',
  'resume',
  'promote',
  'promote',
  'halt',
  'rollback',
  'rollback',
  'rerun',
]

const drawCommand = (chance: Chance): Deed => {
  const verb = chance.pick(VERBS)
  const body: Record<string, unknown> = {}
  if (verb === 'delete') body['force'] = chance.is(0.5)
  if (verb === 'rollback' && chance.is(0.4)) body['version'] = chance.int(1, 4)
  if (verb === 'rollback' && chance.is(0.2)) body['whole'] = true
  return { do: 'command', job: chance.is(0.8) ? 0 : 1, verb, body }
}

/** Jobs are kept away from a node, or may come again. */
const drawKeepAway: Draw = ({ int, pick }) => {
  const verb = pick(['cordon', 'uncordon', 'drain', 'drain', 'uncordon'] as const)
  const body = verb === 'drain' ? { deadline: pick(['0s', '5s', '20s', '90s']) } : {}
  return { do: 'node', node: int(0, 23), verb, body }
}

const faults: readonly Draw[] = [
  ({ pick, int, is, float }) => ({
    do: 'crash',
    role: pick(roles),
    call: is(0.3) ? 1 : int(1, 60),
    when: pick(['before', 'after']),
    backMs: Math.round(float() * 15_000),
  }),
  ({ pick, int, float, is }) => ({
    do: 'freeze',
    role: pick(['scheduler', 'engine'] as const),
    call: int(1, 40),
    // Long enough to lose the lease, or short enough to keep it.
    forMs: Math.round(is(0.6) ? 12_000 + float() * 50_000 : float() * 8_000),
  }),
  ({ float, is, pick, int }) => ({
    do: 'silence',
    nodes: pick(['one', 'one', 'one', 'site', 'all'] as const),
    which: int(0, 23),
    forMs: Math.round(is(0.2) ? float() * 40 * 60_000 : float() * 120_000),
  }),
  ({ int }) => ({ do: 'flap', node: int(0, 23), times: int(2, 5), everyMs: int(500, 30_000) }),
  ({ int, pick, float }) => ({
    do: 'reboot',
    node: int(0, 23),
    journal: pick(['kept', 'lost']),
    tasks: pick(['kept', 'killed', 'lost']),
    downMs: Math.round(float() * 90_000),
  }),
  () => ({ do: 'snapshot' }),
  ({ int, float }) => ({ do: 'burst', node: int(0, 23), forMs: Math.round(500 + float() * 4_000) }),
  ({ int, pick }) => ({ do: 'lose-acks', count: int(1, 4), writer: pick(['asks_again', 'gives_up']) }),
  ({ float }) => ({
    do: 'weather',
    weather: {
      lost: Math.round(float() * 40) / 100,
      repeated: Math.round(float() * 30) / 100,
      late: Math.round(float() * 50) / 100,
      lateByMs: Math.round(float() * 5_000),
    },
    forMs: Math.round(float() * 60_000),
  }),
  ({ float }) => ({ do: 'cut-log', forMs: Math.round(float() * 8_000) }),
  ({ float }) => ({ do: 'slow-log', byMs: Math.round(float() * 1_500), forMs: 15_000 }),
  ({ float }) => ({ do: 'deafen', forMs: Math.round(float() * 60_000) }),
  ({ float, is }) => ({ do: 'fill-log', share: is(0.5) ? 0.93 : 0.999, forMs: Math.round(float() * 20_000) }),
  ({ float }) => ({ do: 'jump', byMs: Math.round((float() - 0.5) * 120_000) }),
  ({ int }) => ({ do: 'rewind', messages: int(1, 30) }),
  ({ int, pick }) => ({
    do: 'node',
    node: int(0, 23),
    verb: 'label',
    body: { set: { env: pick(['production', 'test']) } },
  }),
  ({ int }) => ({ do: 'node', node: int(0, 23), verb: 'remove', body: { force: true } }),
  drawKeepAway,
  drawKeepAway,
]

const awayForLong: readonly Draw[] = [
  ({ int, float, pick }) => ({
    do: 'silence',
    nodes: pick(['one', 'site', 'all'] as const),
    which: int(0, 23),
    forMs: Math.round(HOUR + float() * 30 * HOUR),
  }),
]
