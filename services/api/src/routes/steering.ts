/** What people do to a job that is there: stop it, steer its rollout, go back, run again. */
import { operations, type JobVerb } from '@dunlin/contracts'
import type { FastifyInstance } from 'fastify'
import { serve } from '../http/serve.ts'
import { acceptedBody } from '../intake/answer.ts'
import type { RouteContext } from './context.ts'
import { envelopeOf } from './envelope.ts'

const plain = [
  ['stop', operations.stopJob],
  ['pause', operations.pauseRollout],
  ['resume', operations.resumeRollout],
  ['promote', operations.promoteRollout],
  ['halt', operations.haltRollout],
  ['rerun', operations.rerunJob],
] as const satisfies readonly (readonly [JobVerb, unknown])[]

export const registerSteering = (app: FastifyInstance, { submit, caughtUp }: RouteContext): void => {
  for (const [verb, operation] of plain)
    serve(app, operation, async ({ params, headers, body }) => {
      await caughtUp()
      const command = { verb, key: params, reason: body?.reason, notAfterMs: instantOf(body?.not_after) }
      return acceptedBody(await submit(command, envelopeOf(headers, body?.actor)))
    })

  serve(app, operations.rollbackJob, async ({ params, headers, body }) => {
    await caughtUp()
    const { reason, version, whole = false } = body ?? {}
    const notAfterMs = instantOf(body?.not_after)
    return acceptedBody(
      await submit(
        { verb: 'rollback', key: params, reason, notAfterMs, version, whole },
        envelopeOf(headers, body?.actor),
      ),
    )
  })
}

const instantOf = (text: string | undefined): number | undefined => (text === undefined ? undefined : Date.parse(text))
