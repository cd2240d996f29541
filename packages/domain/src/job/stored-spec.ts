/** Specs as the log keeps them: plain JSON, which was parsed before it was applied. The one place that believes that. */
import type { JobSpec } from '@dunlin/contracts'

export type StoredSpec = Readonly<Record<string, unknown>>

export const specOfStored = (stored: StoredSpec): JobSpec => stored as unknown as JobSpec
