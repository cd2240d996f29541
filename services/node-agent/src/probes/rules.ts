/** The probes of a content with their defaults filled in. */
import { millisOf, probesContentSchema, type Content, type ProbeContent } from '@dunlin/contracts/agent'
import { probeKinds, type ProbeKind } from '@dunlin/domain/agent'

export interface ProbeRule {
  readonly way: Pick<ProbeContent, 'exec' | 'http' | 'tcp'>
  readonly initialDelayMs: number
  readonly intervalMs: number
  readonly timeoutMs: number
  readonly success: number
  readonly failure: number
}

export type ProbeRules = { readonly [Kind in ProbeKind]?: ProbeRule }

const DEFAULT_INTERVAL_MS = 10_000
const DEFAULT_TIMEOUT_MS = 1_000

/** Undefined when nothing shall be probed. What cannot be read counts as nothing: it was checked when it was applied. */
export const probeRules = ({ health }: Pick<Content, 'health'>): ProbeRules | undefined => {
  const parsed = health === undefined ? undefined : probesContentSchema.safeParse(health)
  if (!parsed?.success) return undefined
  const rules: { [Kind in ProbeKind]?: ProbeRule } = {}
  for (const kind of probeKinds) {
    const probe = parsed.data[kind]
    if (probe) rules[kind] = ruleOf(probe)
  }
  return Object.keys(rules).length === 0 ? undefined : rules
}

const ruleOf = ({ initial_delay, interval, timeout, success_threshold, failure_threshold, ...way }: ProbeContent) => ({
  way,
  initialDelayMs: initial_delay === undefined ? 0 : millisOf(initial_delay),
  intervalMs: interval === undefined ? DEFAULT_INTERVAL_MS : millisOf(interval),
  timeoutMs: timeout === undefined ? DEFAULT_TIMEOUT_MS : millisOf(timeout),
  success: success_threshold ?? 1,
  failure: failure_threshold ?? 3,
})
