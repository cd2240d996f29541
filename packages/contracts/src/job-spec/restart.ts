/** What happens when an execution exits by itself. */
import * as z from 'zod'

export const restartPolicies = ['on-failure', 'always', 'never'] as const
export const restartPolicySchema = z
  .enum(restartPolicies, { error: `expected one of ${restartPolicies.join(', ')}` })
  .meta({ description: 'on-failure: again after a failure; always: after any exit; never: one attempt only.' })
export type RestartPolicy = (typeof restartPolicies)[number]

/** Both classes try again after a failure unless the spec says otherwise: a batch then ends with its first success. */
export const defaultRestartPolicy: Readonly<Record<'daemon' | 'batch', RestartPolicy>> = {
  daemon: 'on-failure',
  batch: 'on-failure',
}
