/** What came of a command, however long ago: from the job or node that remembers it, or from the dead letters. */
import {
  DunlinError,
  operations,
  parseJobKeyText,
  refusedView,
  type AcceptedView,
  type NodeAcceptedView,
  type RefusedView,
} from '@dunlin/contracts'
import type { FastifyInstance } from 'fastify'
import { serve } from '../http/serve.ts'
import { acceptedBody } from '../intake/answer.ts'
import type { RouteContext } from './context.ts'

export const registerCommands = (app: FastifyInstance, { state, commands, caughtUp }: RouteContext): void => {
  const recorded = (id: string): AcceptedView | NodeAcceptedView | undefined => {
    const holder = state.commands.holderOf(id)
    if (holder === undefined) return undefined
    return holder.includes('/') ? ofJob(id, holder) : ofNode(id, holder)
  }

  const ofJob = (id: string, job: string): AcceptedView | undefined => {
    const known = state.fold.get('job', job)?.state.commands.byId.get(id)
    if (known === undefined) return undefined
    return acceptedBody({ commandId: id, key: parseJobKeyText(job), seq: known.seq, ...known.outcome, warnings: [] })
  }

  const ofNode = (id: string, node: string): NodeAcceptedView | undefined => {
    const known = state.node(node)?.commands?.byId.get(id)
    return known === undefined ? undefined : { ok: true, command_id: id, seq: known.seq, node, ...known.outcome }
  }

  serve(app, operations.getCommand, async ({ params: { id }, query }) => {
    await caughtUp(query.min_seq)
    const accepted = recorded(id)
    if (accepted !== undefined) return accepted
    const refusal = await commands.refusal(id)
    if (refusal === undefined) throw new DunlinError('command_unknown', `No outcome of the command ${id} is known.`)
    return readRefusal(refusal)
  })
}

const readRefusal = (bytes: Uint8Array): RefusedView => {
  try {
    return refusedView.parse(JSON.parse(new TextDecoder().decode(bytes)))
  } catch (error) {
    throw new DunlinError('corrupt_document', 'The dead letter of this command cannot be read.', { cause: error })
  }
}
