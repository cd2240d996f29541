/**
 * Who decided: `user:<name>` by HTTP or CLI, `nats` or `nats:?<claimed name>` by subject (NATS names no publisher, so a
 * claimed name is marked unverified by the question mark), `service:<role>`, `node:<id>`.
 */
import * as z from 'zod/mini'

export const actorSchema = z
  .string()
  .check(z.regex(/^(user:.{1,128}|nats(:\?.{1,128})?|service:[a-z-]{1,32}|node:[A-Za-z0-9_-]{1,64})$/))
export type Actor = string

export const userActor = (name: string): Actor => `user:${name}`
export const natsActor = (claimedName?: string): Actor => (claimedName ? `nats:?${claimedName.slice(0, 128)}` : 'nats')
export const serviceActor = (role: 'api' | 'scheduler' | 'rollout-engine' | 'log'): Actor => `service:${role}`
export const nodeActor = (nodeId: string): Actor => `node:${nodeId}`
