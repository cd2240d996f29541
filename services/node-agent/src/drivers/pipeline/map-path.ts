/** Where a path of a job's config lies on this node: the longest prefix that is mapped is replaced. */
import type { PipelineOrder } from './order.ts'

export const mapPath = (path: string, prefixes: PipelineOrder['pathMap']): string => {
  let best: { readonly from: string; readonly to: string } | undefined
  for (const prefix of prefixes) {
    const covers = prefix.from === '/' || path === prefix.from || path.startsWith(`${prefix.from}/`)
    if (covers && prefix.from.length >= (best?.from.length ?? 0)) best = prefix
  }
  if (!best) return path
  return `${best.to}${best.from === '/' ? path : path.slice(best.from.length)}`
}
