/** Labels and meta of a job: short strings under keys of a known character set, with two reserved prefixes. */
import * as z from 'zod'
import { LABEL_KEY, MAX_LABEL_VALUE, RESERVED_LABEL_PREFIXES } from '../labels.ts'

const MAX_META_VALUE = 16 * 1024

const keyed = (what: 'label' | 'meta', maxValue: number) =>
  z.record(z.string(), z.string().max(maxValue)).superRefine((entries, context) => {
    for (const key of Object.keys(entries)) {
      const reserved = RESERVED_LABEL_PREFIXES.find((prefix) => key.startsWith(prefix))
      if (!LABEL_KEY.test(key))
        context.addIssue({
          code: 'custom',
          path: [key],
          message: `is not a ${what} key`,
          params: { hint: 'Keys are 1 to 253 of a-z A-Z 0-9 . _ - /' },
        })
      else if (reserved !== undefined)
        context.addIssue({
          code: 'custom',
          path: [key],
          message: `the prefix ${reserved} is reserved`,
          params: { code: 'reserved_prefix', hint: 'The system sets these keys itself; use a prefix of your own.' },
        })
    }
  })

export const jobLabelsSchema = keyed('label', MAX_LABEL_VALUE).meta({
  description: 'For listing and filtering jobs. Changing them restarts nothing.',
  example: { env: 'production', region: 'us-west' },
})
export const jobMetaSchema = keyed('meta', MAX_META_VALUE).meta({
  description: 'Anything that goes with the job. Changing it restarts nothing.',
})
