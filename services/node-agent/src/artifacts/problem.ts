/** What can be wrong with an artifact, as the error of an attempt. */
import { TaskError } from '../drivers/driver.ts'

export const tooLarge = (source: string, maxBytes: number): TaskError =>
  new TaskError(
    {
      code: 'artifact_too_large',
      message: `The artifact ${source} is larger than ${maxBytes} bytes; it was cut there and deleted.`,
      hint: 'Raise max_bytes in the spec, or --artifact-cache-mb of the agent, which bounds every artifact.',
    },
    true,
  )

export const wrongDigest = (source: string, expected: string, actual: string): TaskError =>
  new TaskError(
    {
      code: 'wrong_digest',
      message: `The artifact ${source} has SHA-256 ${actual}, and ${expected} was asked for.`,
      hint: 'Either the spec names another file, or somebody has changed this one. Nothing of it was used.',
    },
    true,
  )

export const refused = (message: string, hint?: string): TaskError =>
  new TaskError({ code: 'artifact_refused', message, ...(hint === undefined ? {} : { hint }) }, true)

export const unavailable = (source: string, why: string): TaskError =>
  new TaskError(
    { code: 'artifact_unavailable', message: `The artifact ${source} could not be fetched: ${why}.` },
    false,
  )

export const diskFull = (where: string, why: string): TaskError =>
  new TaskError(
    {
      code: 'disk_full',
      message: `The disk below ${where} is full: ${why}.`,
      hint: 'Make room, or lower --artifact-cache-mb.',
    },
    false,
  )

/** True for errors of the file system that say that there is no room. */
export const isDiskFull = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && (error.code === 'ENOSPC' || error.code === 'EDQUOT')
