/** Variables that a job gives to what it runs. */
import * as z from 'zod/mini'
import { withoutNul } from './text.ts'

/** The shim is a POSIX shell, which keeps no variable of another form. */
const ENV_NAME = /^[A-Za-z_][A-Za-z0-9_]{0,255}$/

export const envSchema = z.record(
  z.string().check(
    z.regex(ENV_NAME, 'a variable name is made of letters, digits and _, no digit first'),
    z.refine((name) => !/^(DUNLIN|_dn)_/.test(name), 'begins with DUNLIN_ or _dn_, which the agent sets itself'),
  ),
  withoutNul(128 * 1024),
)
