/** What an exit code of `dunlin` says; the same table stands in the README. Scripts rely on it. */
import type { DunlinError } from '@dunlin/contracts'

export const exitCodes = {
  ok: 0,
  unexpected: 1,
  /** Wrong usage, an invalid specification, or one that asks for something that is not built. */
  usage: 2,
  notFound: 3,
  /** Version mismatch, wrong state, a command id used twice. */
  conflict: 4,
  notAllowed: 5,
  /** Timed out while waiting; the work may still go on. */
  waitTimedOut: 6,
  /** The rollout or the job failed. */
  rolloutFailed: 7,
  unreachable: 8,
  /** No node can take the job. */
  notPlaced: 9,
  /** A newer version took the rollout's place. */
  superseded: 10,
  /** The job was stopped or deleted while its rollout was under way. */
  canceled: 11,
  /** The nodes that the rollout waited for did not come back in time. */
  expired: 12,
  /** The rollout is held and waits for somebody. */
  held: 13,
  interrupted: 130,
} as const

export const exitCodeOf = (error: DunlinError): number => {
  if (error.code === 'server_unreachable') return exitCodes.unreachable
  const status = error.toProblem().status
  if (status === 404) return exitCodes.notFound
  if (status === 401 || status === 403) return exitCodes.notAllowed
  if (status === 409 || status === 412) return exitCodes.conflict
  if (status === 503 || status === 504 || status === 507) return exitCodes.unreachable
  if ((status >= 400 && status < 500) || error.code === 'not_built') return exitCodes.usage
  return exitCodes.unexpected
}
