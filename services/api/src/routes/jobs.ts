/** Jobs: list, show, apply, stop, delete. */
import {
  DunlinError,
  jobKeyText,
  operations,
  parseJobKeyText,
  userActor,
  type JobKey,
  type JobView,
} from '@dunlin/contracts'
import { isLive, isPresent, type CommandHead, type PresentJob } from '@dunlin/domain'
import { conditionError } from '@dunlin/eventstore'
import type { FastifyInstance } from 'fastify'
import { serve } from '../http/serve.ts'
import { acceptedBody } from '../intake/answer.ts'
import { specFromText } from '../intake/spec.ts'
import type { Envelope } from '../intake/submit.ts'
import { pageItems } from '../lists/page.ts'
import { jobDetailView, jobView } from '../views/job.ts'
import type { RouteContext } from './context.ts'

interface CommandHeaders {
  readonly 'idempotency-key'?: string | undefined
  readonly 'if-match'?: string | undefined
  readonly 'x-dunlin-actor'?: string | undefined
}

/** `5`, `"5"` = revision 5; `version:3` = version 3. The contract's pattern lets nothing else through. */
const expectedOf = (ifMatch: string | undefined): CommandHead['expected'] | undefined => {
  if (ifMatch === undefined) return undefined
  const text = ifMatch.replaceAll('"', '')
  return text.startsWith('version:') ? { version: Number(text.slice(8)) } : { revision: Number(text) }
}

const envelopeOf = (headers: CommandHeaders): Envelope => ({
  id: headers['idempotency-key'],
  actor: userActor(headers['x-dunlin-actor'] ?? 'local'),
  expected: expectedOf(headers['if-match']),
})

export const registerJobs = (app: FastifyInstance, { state, submit, caughtUp }: RouteContext): void => {
  const viewOf = (key: string): JobView | undefined => {
    const aggregate = state.fold.get('job', key)
    if (aggregate === undefined || !isPresent(aggregate.state)) return undefined
    return jobView(parseJobKeyText(key), aggregate, aggregate.state)
  }

  serve(app, operations.applyJob, async ({ headers, raw }) => {
    await caughtUp()
    if (raw === undefined || raw.text.trim() === '') throw new DunlinError('malformed_body', 'There is no body.')
    const { spec, warnings } = specFromText(raw)
    const key: JobKey = { namespace: spec.namespace, name: spec.name }
    return acceptedBody(await submit({ verb: 'apply', key, spec, warnings }, envelopeOf(headers)))
  })

  serve(app, operations.stopJob, async ({ params, headers, body }) => {
    await caughtUp()
    const notAfterMs = body?.not_after === undefined ? undefined : Date.parse(body.not_after)
    return acceptedBody(
      await submit({ verb: 'stop', key: params, reason: body?.reason, notAfterMs }, envelopeOf(headers)),
    )
  })

  serve(app, operations.deleteJob, async ({ params, query, headers }) => {
    await caughtUp()
    const { force = false, reason } = query
    return acceptedBody(await submit({ verb: 'delete', key: params, reason, force }, envelopeOf(headers)))
  })

  serve(app, operations.getJob, async ({ params, query, reply }) => {
    await caughtUp(query.min_seq)
    const aggregate = state.job(params)
    if (aggregate === undefined || !isLive(aggregate.state)) {
      // Where commits cannot be read, nobody knows that there is no job.
      const blocked = aggregate === undefined ? undefined : conditionError(aggregate.condition)
      throw blocked ?? new DunlinError('job_not_found', `There is no job ${params.namespace}/${params.name}.`)
    }
    const job: PresentJob = aggregate.state
    void reply.header('etag', `"${job.versions.revision}"`)
    return jobDetailView(params, aggregate, job)
  })

  serve(app, operations.listJobs, async ({ query }) => {
    await caughtUp(query.min_seq)
    const { namespace, name_prefix, state: stateType, type, label } = query
    if (name_prefix !== undefined && namespace === undefined)
      throw new DunlinError('invalid_request', undefined, {
        errors: [{ path: 'query.name_prefix', message: 'needs namespace' }],
      })
    const facets = [
      ...(stateType === undefined ? ['live'] : [`state:${stateType}`]),
      ...(type === undefined ? [] : [`type:${type}`]),
      ...[label ?? []].flat().map((pair) => `label:${pair}`),
    ]
    const prefix = namespace === undefined ? undefined : jobKeyText({ namespace, name: name_prefix ?? '' })
    return pageItems(state, state.index.jobs(), { prefix, facets }, query, viewOf)
  })
}
