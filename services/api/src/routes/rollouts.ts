/** Rollouts: the present one of a job, and its nodes. */
import { DunlinError, operations, type JobKey, type NodeId } from '@dunlin/contracts'
import type { PresentJob, Rollout } from '@dunlin/domain'
import type { FastifyInstance } from 'fastify'
import { serve } from '../http/serve.ts'
import { makeCursor, readCursor } from '../lists/cursor.ts'
import { presentJob } from '../state/present-job.ts'
import { rolloutNodeView } from '../views/rollout-node.ts'
import { rolloutDetailView } from '../views/rollout.ts'
import type { RouteContext } from './context.ts'

export const registerRollouts = (app: FastifyInstance, { state, caughtUp }: RouteContext): void => {
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
    return rolloutDetailView(params, job, rollout, state.seq())
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
    const items = matching.slice(from, from + limit)
    return {
      items: items.map(([node, of]) => rolloutNodeView(job, rollout, node, of, state)),
      total: matching.length,
      total_is_exact: true,
      ...(from + limit < matching.length ? { next_cursor: makeCursor(filter, String(from + limit)) } : {}),
      seq: state.seq(),
    }
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
