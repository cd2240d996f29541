/** Rollouts: the present one of a job, and its nodes. */
import { DunlinError, operations, type JobKey, type NodeId, type RolloutNodeView } from '@dunlin/contracts'
import type { PresentJob, Rollout } from '@dunlin/domain'
import type { Bus } from '@dunlin/eventstore'
import type { FastifyInstance } from 'fastify'
import { serve } from '../http/serve.ts'
import { makeCursor, readCursor } from '../lists/cursor.ts'
import { readLiveWindows } from '../state/live-windows.ts'
import { presentJob } from '../state/present-job.ts'
import { rolloutNodeView, windowsView } from '../views/rollout-node.ts'
import { rolloutDetailView } from '../views/rollout.ts'
import type { RouteContext } from './context.ts'

export const registerRollouts = (app: FastifyInstance, { state, bus, caughtUp }: RouteContext): void => {
  const presentRollout = (key: JobKey, id?: string): { job: PresentJob; rollout: Rollout } => {
    const { job } = presentJob(state, key)
    const rollout = job.rollouts.current
    if (rollout === undefined)
      throw new DunlinError('rollout_not_found', `No rollout of ${key.namespace}/${key.name} was opened yet.`, {
        hint: 'A version is placed first; GET of the job says what it waits for.',
      })
    if (id !== undefined && rollout.id !== id)
      throw new DunlinError('rollout_not_found', `${id} is not the present rollout of ${key.namespace}/${key.name}.`, {
        hint: 'The explanation of a rollout tells of earlier ones, from the log.',
      })
    return { job, rollout }
  }

  serve(app, operations.getRollout, async ({ params, query }) => {
    await caughtUp(query.min_seq)
    const { job, rollout } = presentRollout(params)
    return rolloutDetailView(params, job, rollout, state, state.seq())
  })

  serve(app, operations.listRolloutNodes, async ({ params, query }) => {
    await caughtUp(query.min_seq)
    const { job, rollout } = presentRollout(params, params.id)
    const { slot, wave, limit, cursor } = query
    const filter = [rollout.id, slot, wave]
    const from = cursor === undefined ? 0 : Number(readCursor(filter, cursor))
    const matching = [...members(rollout)].filter(
      ([node, of]) =>
        (slot === undefined || (rollout.slots.get(node) ?? 'waiting') === slot) && (wave === undefined || of === wave),
    )
    const items = matching.slice(from, from + limit).map(([node, of]) => rolloutNodeView(job, rollout, node, of, state))
    return {
      items: query.live === true ? await withLiveWindows(bus, items) : items,
      total: matching.length,
      total_is_exact: true,
      ...(from + limit < matching.length ? { next_cursor: makeCursor(filter, String(from + limit)) } : {}),
      seq: state.seq(),
    }
  })
}

/** More nodes than this are not asked for one page. */
const MOST_ASKED = 20

const withLiveWindows = async (bus: Bus, items: readonly RolloutNodeView[]): Promise<RolloutNodeView[]> => {
  const asked = items.filter(({ slot, execution }) => slot === 'open' && execution !== undefined).slice(0, MOST_ASKED)
  const windows = new Map(
    await Promise.all(
      asked.map(
        async ({ node, execution = '' }) => [node, await readLiveWindows(bus, node as NodeId, execution)] as const,
      ),
    ),
  )
  return items.map((item) => {
    const found = windows.get(item.node)
    return found === undefined ? item : { ...item, ...windowsView(found), live: true }
  })
}

/** Targets in their order with their wave, from 1; then those that joined later, in the order in which they came. */
function* members(rollout: Rollout): Generator<readonly [node: NodeId, wave: number | undefined]> {
  let index = 0
  for (const [wave, size] of rollout.waves.entries())
    for (const end = index + size; index < end; index += 1) yield [rollout.targets[index] as NodeId, wave + 1]
  if (rollout.slots.size === 0) return
  const planned = new Set(rollout.targets)
  for (const node of rollout.slots.keys()) if (!planned.has(node)) yield [node, undefined]
}
