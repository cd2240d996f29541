/** Operations on rollouts: what people do to them, and what they ask about them before and while they run. */
import * as z from 'zod'
import { operation } from './operation.ts'
import {
  commandBody,
  commandErrors,
  commandHeaders,
  flag,
  jobParams,
  page,
  read,
  rollbackBody,
  text,
  wholeNumber,
} from './operation-parts.ts'
import { plannedView, rolloutDetailView, rolloutNodeView, rolloutSlots } from './rollout-views.ts'
import { acceptedView, pageOf } from './views.ts'

const path = '/api/v1/jobs/{namespace}/{name}'
const bodyErrors = ['job_not_found', 'malformed_body', 'unsupported_media_type', 'body_too_large'] as const
const errors = [...commandErrors, ...bodyErrors, 'wrong_phase'] as const
const command = { method: 'POST', tag: 'rollouts', params: jobParams, headers: commandHeaders } as const

export const rolloutOperations = {
  pauseRollout: operation({
    ...command,
    path: `${path}/pause`,
    summary: 'Holds the rollout: nothing more is granted; judgement and halting go on',
    body: commandBody,
    response: acceptedView,
    errors,
  }),
  resumeRollout: operation({
    ...command,
    path: `${path}/resume`,
    summary: 'Lifts the hold of a person, or revives a halted rollout and writes its failed nodes off',
    body: commandBody,
    response: acceptedView,
    errors,
  }),
  promoteRollout: operation({
    ...command,
    path: `${path}/promote`,
    summary: 'Lets a canary rollout go on to the other nodes',
    body: commandBody,
    response: acceptedView,
    errors,
  }),
  haltRollout: operation({
    ...command,
    path: `${path}/halt`,
    summary: 'Halts the rollout: healthy nodes keep what they run, nothing rolls back by itself',
    body: commandBody,
    response: acceptedView,
    errors,
  }),
  rollbackJob: operation({
    ...command,
    path: `${path}/rollback`,
    summary: 'Brings the content of an older version back as a new version',
    body: rollbackBody,
    response: acceptedView,
    errors: [...errors, 'no_rollback_target', 'version_not_found', 'not_built', 'commit_too_large'],
  }),
  rerunJob: operation({
    ...command,
    path: `${path}/rerun`,
    summary: 'Rolls the same content out again: restarts it on every node, wave by wave',
    body: commandBody,
    response: acceptedView,
    errors,
  }),
  getRollout: operation({
    method: 'GET',
    path: `${path}/rollout`,
    summary: 'Shows the present rollout: waves, holds, evidence against its limits, and what it waits for',
    tag: 'rollouts',
    params: jobParams,
    query: read,
    response: rolloutDetailView,
    errors: ['job_not_found', 'rollout_not_found', 'log_gap', 'needs_upgrade'],
  }),
  listRolloutNodes: operation({
    method: 'GET',
    path: `${path}/rollouts/{id}/nodes`,
    summary: 'Lists the nodes of the present rollout in the order of its plan, then those that joined later',
    tag: 'rollouts',
    params: z.object({ ...jobParams.shape, id: text }),
    query: z.strictObject({
      slot: z.enum(rolloutSlots).optional(),
      wave: wholeNumber.optional().meta({ description: 'From 1' }),
      live: flag
        .optional()
        .meta({ description: 'Ask nodes without a verdict for their present windows; 20 of a page at most' }),
      ...page,
    }),
    response: pageOf(rolloutNodeView),
    errors: ['job_not_found', 'rollout_not_found', 'log_gap', 'needs_upgrade'],
  }),
  planJob: operation({
    method: 'POST',
    path: '/api/v1/plan',
    summary: 'Tells what applying a spec now would do, down to the order of the nodes; changes nothing',
    tag: 'rollouts',
    query: read,
    body: 'spec',
    response: plannedView,
    errors: [
      'malformed_body',
      'invalid_spec',
      'literal_secret',
      'body_too_large',
      'unsupported_media_type',
      'not_built',
      'log_gap',
      'needs_upgrade',
    ],
  }),
} as const
