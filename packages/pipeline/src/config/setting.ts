// Kinds of settings that components share.
import { z } from 'zod'
import { hasQuery } from './interpolate.ts'

/** A path: variables in it are filled in when the pipeline starts. */
export const pathSetting = z
  .string()
  .min(1, 'must not be empty')
  .refine((path) => !path.includes('\0'), 'must not hold a zero byte')
  .refine((path) => !hasQuery(path), 'queries such as ${! ... } are not supported here yet')
