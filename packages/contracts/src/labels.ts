/** Labels of nodes and jobs. Keys follow Kubernetes' character set; values are short strings. */
import * as z from 'zod/mini'

/** `a-z A-Z 0-9 . _ - /`, 1 to 253 characters. */
export const LABEL_KEY = /^[A-Za-z0-9._/-]{1,253}$/
export const MAX_LABEL_VALUE = 1024

export const labelKeySchema = z.string().check(z.regex(LABEL_KEY, 'a label key may contain a-z A-Z 0-9 . _ - /'))
export const labelsSchema = z.record(labelKeySchema, z.string().check(z.maxLength(MAX_LABEL_VALUE)))

/** Keys under these are the system's own. */
export const RESERVED_LABEL_PREFIXES = ['expanso.io/', 'dunlin.io/'] as const
/** Where a node stands is known to people only. */
const FOR_PEOPLE: ReadonlySet<string> = new Set(['dunlin.io/site'])

/** The reserved prefix of a node label that only the system may set. */
export const reservedLabelPrefix = (key: string): string | undefined =>
  FOR_PEOPLE.has(key) ? undefined : RESERVED_LABEL_PREFIXES.find((prefix) => key.startsWith(prefix))

export type Labels = Readonly<Record<string, string>>
