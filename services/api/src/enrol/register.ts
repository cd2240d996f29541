/** Puts joining on the server: with an authority nodes are let in, without one every request to join is told so. */
import { DunlinError, operations, TOKEN_SECRET_BYTES } from '@dunlin/contracts'
import type { FleetKinds } from '@dunlin/domain'
import type { CommandHandler } from '@dunlin/eventstore'
import type { Authority, Claims } from '@dunlin/nats/auth'
import type { Logger, Random } from '@dunlin/runtime'
import type { FastifyInstance } from 'fastify'
import { randomBytes } from 'node:crypto'
import { serve } from '../http/serve.ts'
import type { RouteContext } from '../routes/context.ts'
import { registerEnrol } from '../routes/enrol.ts'
import { registerTokens } from '../routes/tokens.ts'
import { createChallenges } from './challenge.ts'
import { createEnrol } from './enrol.ts'
import { createTokens } from './tokens.ts'

export interface EnrolmentOptions {
  readonly authority: Authority
  readonly claims: Claims
  /** Where nodes find the server of the log. */
  readonly natsUrls: readonly string[]
}

export interface EnrolmentPorts extends Pick<RouteContext, 'state' | 'clock' | 'caughtUp'> {
  readonly handler: CommandHandler<FleetKinds>
  readonly random: Random
  readonly logger: Logger
  readonly isRefused: (publicKey: string) => boolean
  readonly holderOf: (publicKey: string) => string | undefined
}

const newSecret = (): string => randomBytes(TOKEN_SECRET_BYTES).toString('base64url')

export const registerEnrolment = (
  app: FastifyInstance,
  ports: EnrolmentPorts,
  options: EnrolmentOptions | undefined,
): void => {
  if (options === undefined) return registerOff(app)
  const { authority, natsUrls } = options
  const challenges = createChallenges(authority.signingSeed)
  const enrol = createEnrol({ ...ports, authority, challenges })
  registerEnrol(app, { ...ports, enrol, challenges, natsUrls })
  registerTokens(app, { ...ports, tokens: createTokens({ ...ports, newSecret }) })
}

const registerOff = (app: FastifyInstance): void => {
  const { getChallenge, enrolNode, createToken, listTokens, revokeToken } = operations
  for (const operation of [getChallenge, enrolNode, createToken, listTokens, revokeToken])
    serve(app, operation, () => {
      throw new DunlinError('enrolment_off')
    })
}
