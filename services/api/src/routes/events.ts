/** The log as server-sent events. */
import { DunlinError, operations } from '@dunlin/contracts'
import type { FastifyInstance } from 'fastify'
import { serve } from '../http/serve.ts'
import { compileFilter } from '../stream/filter.ts'
import { responseSink } from '../stream/sink.ts'
import type { RouteContext } from './context.ts'

export const registerEvents = (app: FastifyInstance, { hub, log, caughtUp }: RouteContext): void => {
  /** Resuming exactly is possible only while the log still holds what comes next, and has not gone backwards. */
  const mustHold = async (after: number): Promise<void> => {
    const { firstSeq, lastSeq } = await log.info()
    // An emptied log says that its first message will be the one after its last.
    if (after > lastSeq)
      throw new DunlinError(
        'events_gone',
        `The log ends at ${lastSeq}, before ${after}: it is not the one that you followed.`,
        {
          data: { first_seq: firstSeq, last_seq: lastSeq },
        },
      )
    if (lastSeq > 0 && firstSeq > after + 1)
      throw new DunlinError('events_gone', `The log begins at ${firstSeq}; the events after ${after} are archived.`, {
        data: { first_seq: firstSeq, last_seq: lastSeq },
        hint: `Read the present state and follow with since=${firstSeq - 1}.`,
      })
  }

  serve(app, operations.followEvents, async ({ query, headers, reply }) => {
    await caughtUp()
    const { namespace, job, node, since } = query
    if (job !== undefined && namespace === undefined)
      throw new DunlinError('invalid_request', undefined, {
        errors: [{ path: 'query.job', message: 'needs namespace' }],
      })
    const last = headers['last-event-id']
    const after = last === undefined ? since : Number(last)
    if (after !== undefined) await mustHold(after)
    reply.hijack()
    hub.attach(responseSink(reply.raw), after, compileFilter({ namespace, job, node }))
    return undefined
  })
}
