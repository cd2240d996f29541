/** Jobs: list, show, apply, delete. */
import { DunlinError, jobKeyText, operations, parseJobKeyText, type JobKey, type JobView } from '@dunlin/contracts'
import { isPresent } from '@dunlin/domain'
import type { FastifyInstance } from 'fastify'
import { serve } from '../http/serve.ts'
import { acceptedBody } from '../intake/answer.ts'
import { specFromText } from '../intake/spec.ts'
import { envelopeOf } from './envelope.ts'
import { pageItems } from '../lists/page.ts'
import { presentJob } from '../state/present-job.ts'
import { jobDetailView, jobView } from '../views/job.ts'
import type { RouteContext } from './context.ts'

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

  serve(app, operations.deleteJob, async ({ params, query, headers }) => {
    await caughtUp()
    const { force = false, reason } = query
    return acceptedBody(await submit({ verb: 'delete', key: params, reason, force }, envelopeOf(headers)))
  })

  serve(app, operations.getJob, async ({ params, query, reply }) => {
    await caughtUp(query.min_seq)
    const { aggregate, job } = presentJob(state, params)
    void reply.header('etag', `"${job.versions.revision}"`)
    return jobDetailView(params, aggregate, job, state)
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
