/** Nodes that join. */
import { operations } from '@dunlin/contracts'
import type { FastifyInstance } from 'fastify'
import type { Challenges } from '../enrol/challenge.ts'
import type { Enrol } from '../enrol/enrol.ts'
import { serve } from '../http/serve.ts'
import type { RouteContext } from './context.ts'

export interface EnrolContext extends Pick<RouteContext, 'caughtUp' | 'clock'> {
  readonly enrol: Enrol
  readonly challenges: Challenges
  /** Where nodes find the server of the log. */
  readonly natsUrls: readonly string[]
}

export const registerEnrol = (app: FastifyInstance, context: EnrolContext): void => {
  const { enrol, challenges, natsUrls, caughtUp, clock } = context

  serve(app, operations.getChallenge, () => ({ challenge: challenges.make(clock.nowMs()) }))

  serve(app, operations.enrolNode, async ({ body }) => {
    await caughtUp()
    return { ...(await enrol(body)), nats_urls: [...natsUrls] }
  })
}
