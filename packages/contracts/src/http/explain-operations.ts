/** Operations that answer "why": from the log alone, each decision with its sequence. */
import * as z from 'zod'
import { explanationView } from './explain-views.ts'
import { operation } from './operation.ts'
import { jobParams, page, text, wholeNumber } from './operation-parts.ts'

const common = { method: 'GET', tag: 'explain', response: explanationView } as const

export const explainOperations = {
  explainJob: operation({
    ...common,
    path: '/api/v1/jobs/{namespace}/{name}/explain',
    summary: 'Tells what was decided about a job, by whom and on which evidence, and what it waits for',
    params: jobParams,
    query: z.strictObject({
      since: wholeNumber.optional().meta({
        description:
          'Decisions from this sequence on; absent = from the version in force on, 0 = all that the log holds',
      }),
      ...page,
    }),
    errors: ['job_not_found', 'log_gap', 'needs_upgrade'],
  }),
  explainRollout: operation({
    ...common,
    path: '/api/v1/jobs/{namespace}/{name}/rollouts/{id}/explain',
    summary: 'Tells what was decided in a rollout, on which evidence, and computes every verdict and halt again',
    params: z.object({ ...jobParams.shape, id: text }),
    query: z.strictObject({ ...page }),
    errors: ['job_not_found', 'rollout_not_found', 'log_gap', 'needs_upgrade'],
  }),
  explainNode: operation({
    ...common,
    path: '/api/v1/nodes/{id}/explain',
    summary: 'Tells what was decided about a node, and about each job that it runs',
    params: z.object({ id: text }),
    query: z.strictObject({
      namespace: text.optional(),
      job: text.optional().meta({ description: 'Only this job; needs namespace' }),
      ...page,
    }),
    errors: ['node_not_found', 'log_gap', 'needs_upgrade'],
  }),
} as const
