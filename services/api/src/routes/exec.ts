/** One command on one node. Who asked for what is written to this process's log before the node is asked, and how it ended. */
import {
  DunlinError,
  execEndSchema,
  execItemSchema,
  operations,
  userActor,
  type ExecQuestion,
  type ExecRecord,
  type NodeId,
} from '@dunlin/contracts'
import { sleep } from '@dunlin/runtime'
import type { FastifyInstance } from 'fastify'
import { serve } from '../http/serve.ts'
import { askStream } from '../reach/ask-stream.ts'
import { mustHear } from '../reach/job-nodes.ts'
import { outputOf, problemIn, respondInLines } from '../reach/lines.ts'
import type { RouteContext } from './context.ts'

const PARTS_WAITING = 16
/** A refusal comes at once and is the answer's status; whatever comes later stands in a line. */
const REFUSED_WITHIN_MS = 1_000

export const registerExec = (app: FastifyInstance, context: RouteContext): void => {
  const { state, clock, caughtUp, logger } = context

  serve(app, operations.execOnNode, async ({ params, headers, body, reply }) => {
    await caughtUp()
    const node = params.id as NodeId
    mustHear(state, node)
    const by = userActor(headers['x-dunlin-actor'] ?? 'local')
    const { command, timeout_ms: timeoutMs, input_base64: input } = body
    const audit = { audit: 'exec', by, node, command }
    logger.warn('a command is asked of a node', audit)
    const question: ExecQuestion = { command, timeoutMs, by, ...(input === undefined ? {} : { input }) }
    const abort = new AbortController()
    reply.raw.once('close', () => abort.abort())
    const parts = askStream(context, { node, method: 'exec', question, window: PARTS_WAITING, signal: abort.signal })
    const first = parts.next()
    try {
      // Waited for without hanging on it: a command may be silent for long.
      await Promise.race([first, sleep(clock, REFUSED_WITHIN_MS, abort.signal)])
    } catch (error) {
      logger.warn('a command was not run', { ...audit, error: String(error) })
      throw error
    }
    const lines = respondInLines<ExecRecord>(reply, clock, { type: 'alive' })
    try {
      let part = await first
      for (; !part.done; part = await parts.next()) {
        const { s: stream } = execItemSchema.parse(part.value.value)
        await lines.put({ type: 'output', stream, ...outputOf(part.value.bytes) })
      }
      if (abort.signal.aborted) logger.warn('who asked for a command left; it is ended', audit)
      else {
        const { code, signal, timedOut } = execEndSchema.parse(part.value)
        logger.warn('a command ended', { ...audit, code, signal, timed_out: timedOut })
        await lines.put({ type: 'exit', code, signal, timed_out: timedOut })
      }
    } catch (error) {
      const known = error instanceof DunlinError ? error : new DunlinError('unreadable_answer', String(error))
      logger.warn('a command was lost sight of', { ...audit, error: known.message })
      await lines.put({ type: 'error', problem: problemIn(known) })
    }
    lines.end()
    return undefined
  })
}
