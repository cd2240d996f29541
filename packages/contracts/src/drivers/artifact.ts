/** A file from elsewhere, named by what it holds: whatever answers at the address, only these bytes are used. */
import * as z from 'zod/mini'
import { namingFields } from './known-names.ts'

/** `http:`, `https:` or, where the node's policy lets it, `file:`. Credentials do not stand in a URL: specs are kept for good. */
const sourceSchema = z.string().check(
  z.maxLength(2048),
  z.refine((text) => {
    const url = URL.parse(text)
    return url !== null && ['http:', 'https:', 'file:'].includes(url.protocol)
  }, 'expected an http, https or file URL'),
  z.refine((text) => {
    const url = URL.parse(text)
    return url === null || (url.username === '' && url.password === '')
  }, 'holds a credential in clear text'),
)

const shape = {
  source: sourceSchema,
  /** Lower-case hex of the whole file. */
  sha256: z.string().check(z.regex(/^[0-9a-f]{64}$/, 'expected 64 lower-case hex digits')),
  /** Most bytes that are taken; the default of the node where absent (1 GiB). */
  max_bytes: z.optional(z.int().check(z.positive())),
}
export const artifactSchema = z.strictObject(shape, namingFields(shape))
export type Artifact = z.infer<typeof artifactSchema>
