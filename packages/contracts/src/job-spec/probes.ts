/** Probes of a running execution. `startup` gates the other two; a failing probe makes a health window unhealthy. */
import * as z from 'zod'
import { block } from './block.ts'
import { durationSchema } from './duration-schema.ts'

const duration = durationSchema({ integersAre: 'nanoseconds', minMs: 1 })
const threshold = z.int().min(1).max(1000).optional()
const ways = ['exec', 'http', 'tcp'] as const

const probe = block({
  exec: block({ command: z.array(z.string()).min(1) }).optional(),
  http: block({
    url: z.url({ protocol: /^https?$/ }),
    headers: z.record(z.string(), z.string()).optional(),
    expected_status: z.array(z.int().min(100).max(599)).min(1).optional(),
  }).optional(),
  tcp: block({ host: z.string().min(1).max(253).optional(), port: z.int().min(1).max(65_535) }).optional(),
  initial_delay: durationSchema({ integersAre: 'nanoseconds' }).optional(),
  interval: duration.optional(),
  timeout: duration.optional(),
  success_threshold: threshold,
  failure_threshold: threshold,
}).superRefine((value, context) => {
  const given = ways.filter((way) => value[way] !== undefined)
  if (given.length !== 1)
    context.addIssue({
      code: 'custom',
      message: given.length === 0 ? 'says nothing to probe' : `probes in ${given.length} ways at once`,
      params: { hint: `Give exactly one of ${ways.join(', ')}.` },
    })
})

export const probesSchema = block({
  startup: probe.optional(),
  liveness: probe.optional(),
  readiness: probe.optional(),
})
