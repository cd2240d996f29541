/** What a wave can prove: a plan says it before anybody trusts a canary of five nodes with more than five can show. */
import { formatGoDuration } from '@dunlin/contracts'

/** The risk of seeing no failure although the share of failing nodes is as high as stated. */
const RISK = 0.05

export interface Power {
  readonly nodes: number
  /** When all of these nodes settle healthy, a higher share of failing nodes than this is excluded with 95 % confidence. */
  readonly detectableRate: number
  readonly sentence: string
}

/**
 * The share of failing nodes that `nodes` healthy nodes exclude with 95 % confidence: all of them are healthy by luck with
 * probability (1 - share)^nodes, which is 5 % at `1 - 0.05^(1/nodes)`. `validationMs`: how long each is watched.
 */
export const powerOf = (nodes: number, validationMs: number): Power => {
  const detectableRate = nodes < 1 ? 1 : 1 - RISK ** (1 / nodes)
  const watched = `${nodes === 1 ? '1 node' : `${nodes} nodes`} for ${showMs(validationMs)}`
  const sentence =
    nodes < 1
      ? 'no node: nothing is seen'
      : `${watched} ${nodes === 1 ? 'sees' : 'see'} a failure rate above ${showPercent(detectableRate)} with 95 % confidence`
  return { nodes, detectableRate, sentence }
}

/** How many nodes must settle healthy to exclude a higher share of failing nodes than `rate` (above 0, below 1). */
export const nodesToSee = (rate: number): number => Math.ceil(Math.log(RISK) / Math.log1p(-rate))

/** Two digits: 95 %, 45 %, 5 %, 0.3 %. */
const showPercent = (rate: number): string => `${Number((100 * rate).toPrecision(2))} %`

/** `30 s`, `5 min`, `1h30m` where no single unit says it. */
const showMs = (ms: number): string => {
  if (ms < 1_000) return `${ms} ms`
  if (ms < 120_000) return `${Number((ms / 1_000).toFixed(1))} s`
  return ms % 60_000 === 0 && ms < 7_200_000 ? `${ms / 60_000} min` : formatGoDuration(ms)
}
