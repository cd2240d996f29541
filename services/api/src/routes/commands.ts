/** What came of a command, however long ago: from the job that remembers it, or from the dead letters. */
import { DunlinError, operations, parseJobKeyText, refusedView, type RefusedView } from '@dunlin/contracts'
import type { FastifyInstance } from 'fastify'
import { serve } from '../http/serve.ts'
import { acceptedBody, type Accepted } from '../intake/answer.ts'
import type { RouteContext } from './context.ts'

export const registerCommands = (app: FastifyInstance, { state, commands, caughtUp }: RouteContext): void => {
  const recorded = (id: string): Accepted | undefined => {
    const job = state.commands.jobOf(id)
    if (job === undefined) return undefined
    const known = state.fold.get('job', job)?.state.commands.byId.get(id)
    if (known === undefined) return undefined
    return { commandId: id, key: parseJobKeyText(job), seq: known.seq, ...known.outcome, warnings: [] }
  }

  serve(app, operations.getCommand, async ({ params: { id }, query }) => {
    await caughtUp(query.min_seq)
    const accepted = recorded(id)
    if (accepted !== undefined) return acceptedBody(accepted)
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
