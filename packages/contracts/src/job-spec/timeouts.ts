/** Time limits. Zero means none. Bare integers are seconds, as in Expanso; strings are Go durations. */
import { block } from './block.ts'
import { durationSchema } from './duration-schema.ts'

const timeout = durationSchema({ integersAre: 'seconds' })

export const timeoutsSchema = block({
  execution_timeout: timeout.optional().meta({ description: 'Longest run of one attempt, enforced by the node.' }),
  queue_timeout: timeout.optional().meta({ description: 'Longest wait for a node, from the last time it was queued.' }),
  total_timeout: timeout.optional().meta({ description: 'Longest life of one version, waiting and retries included.' }),
})
