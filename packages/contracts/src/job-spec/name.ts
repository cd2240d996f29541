/**
 * Names and namespaces. Any printable text will do, because the formats that are accepted allow dots, slashes and more;
 * but two names that look the same must be the same, and each must fit into a subject and into a URL.
 */
import * as z from 'zod'

/** A name stands in subjects with every byte outside A-Z a-z 0-9 _ - as three characters; subjects have 255 at most. */
export const MAX_ENCODED_KEY = 200

const encoder = new TextEncoder()

/** Length of a name in a subject token. */
export const encodedLength = (name: string): number => {
  let length = 0
  for (const byte of encoder.encode(name)) length += PLAIN.test(String.fromCharCode(byte)) ? 1 : 3
  return length
}
const PLAIN = /[A-Za-z0-9_-]/

/** What is wrong with a name; undefined when nothing is. */
export const nameProblem = (name: string): string | undefined => {
  if (name === '') return 'must not be empty'
  if (!name.isWellFormed()) return 'holds half a surrogate pair: it is not text'
  // Controls, invisible format characters, private use and unassigned code points; line and paragraph separators.
  if (/[\p{C}\p{Zl}\p{Zp}]/u.test(name)) return 'holds characters that cannot be printed'
  if (/[^\S ]/u.test(name) || name.startsWith(' ') || name.endsWith(' '))
    return 'holds white space other than single spaces inside'
  if (name.normalize('NFC') !== name) return 'is not in Unicode normal form C'
  // URL parsers take these segments away, encoded or not, so such a job could never be asked for.
  if (name === '.' || name === '..') return 'must not be "." or ".."'
  if (encodedLength(name) > MAX_ENCODED_KEY)
    return `is too long: encoded in a subject it takes ${encodedLength(name)} characters, ${MAX_ENCODED_KEY} with the namespace are possible`
  return undefined
}

export const jobNameSchema = z.string().superRefine((name, context) => {
  const message = nameProblem(name)
  if (message !== undefined)
    context.addIssue({
      code: 'custom',
      message,
      params: { hint: 'Letters, digits, "-", "_", "." and "/" are always right.' },
    })
})
