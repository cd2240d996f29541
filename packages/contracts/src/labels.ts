/** Labels of nodes and jobs. Keys follow Kubernetes' character set; values are short strings. */
import * as z from 'zod/mini'

/** `a-z A-Z 0-9 . _ - /`, 1 to 253 characters. */
export const LABEL_KEY = /^[A-Za-z0-9._/-]{1,253}$/
export const MAX_LABEL_VALUE = 1024

export const labelKeySchema = z.string().check(z.regex(LABEL_KEY, 'a label key may contain a-z A-Z 0-9 . _ - /'))
export const labelsSchema = z.record(labelKeySchema, z.string().check(z.maxLength(MAX_LABEL_VALUE)))
export type Labels = Readonly<Record<string, string>>
