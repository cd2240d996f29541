/** What people do to a node. */
import { operations } from '@dunlin/contracts'
import type { FastifyInstance } from 'fastify'
import { serve } from '../http/serve.ts'
import { parseNodeCommand } from '../intake/node-commands.ts'
import type { RouteContext } from './context.ts'
import { envelopeOf } from './envelope.ts'

const verbs = [
  ['approve', operations.approveNode],
  ['label', operations.labelNode],
  ['cordon', operations.cordonNode],
  ['uncordon', operations.uncordonNode],
  ['drain', operations.drainNode],
  ['remove', operations.removeNode],
] as const

export const registerNodeCommands = (app: FastifyInstance, { submitNode, caughtUp }: RouteContext): void => {
  for (const [verb, operation] of verbs)
    serve(app, operation, async ({ params, headers, body }) => {
      await caughtUp()
      const command = parseNodeCommand(params.id, verb, body ?? {})
      return submitNode(command, envelopeOf(headers, command.claimedActor))
    })
}
