/** Texts that an operating system takes: no NUL, and no longer than it allows. */
import * as z from 'zod/mini'

export const withoutNul = (max: number) =>
  z.string().check(
    z.maxLength(max),
    z.refine((text) => !text.includes('\0'), 'holds a NUL, which no operating system takes'),
  )

export const commandSchema = withoutNul(4096).check(z.refine((text) => text.trim() !== '', 'must not be empty'))
export const argsSchema = z.array(withoutNul(128 * 1024)).check(z.maxLength(4096))

/** `0644` or `644`; YAML 1.2 reads the bare number 0644 as 644, so numbers are refused rather than guessed. */
export const modeSchema = z
  .string('expected a mode in quotes, such as "0644"')
  .check(z.regex(/^0?[0-7]{3}$/, 'expected an octal mode such as "0644"'))

/** A path below a directory of the execution's own; it cannot lead out of it. */
export const innerPathSchema = withoutNul(1024).check(
  z.refine(
    (text) => text !== '' && !text.startsWith('/') && text.split('/').every((part) => !['', '.', '..'].includes(part)),
    'expected a path below the local directory, without "..", "." or a leading "/"',
  ),
)
