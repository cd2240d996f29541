/** The log itself: compaction. */
import { operations } from '@dunlin/contracts'
import type { FastifyInstance } from 'fastify'
import { serve } from '../http/serve.ts'
import type { RouteContext } from './context.ts'

export const registerLog = (app: FastifyInstance, { compact, caughtUp }: RouteContext): void => {
  serve(app, operations.compactLog, async ({ body }) => {
    await caughtUp()
    return compact({ jobs: body.jobs, dryRun: body.dry_run })
  })
}
