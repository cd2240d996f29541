/**
 * Nodes that fell silent after `starting`. Such a node has failed (a release that kills the network shows as exactly this)
 * unless its whole site is silent: then nobody can tell, the rollout is held, and nobody is condemned.
 */
import type { NodeId } from '@dunlin/contracts'
import { SITE_LABEL, type NodeState } from '@dunlin/domain'
import type { JudgeView } from './view.ts'
import type { Validating } from './validating.ts'

/** How many of its own windows a node may be logged as not connected before it counts as lost. */
const LOST_AFTER_WINDOWS = 3

/** True when the node has been silent for so long that it counts as lost, wherever it stands. */
export const isSilent = (item: Validating, node: NodeState | undefined, nowMono: number): boolean => {
  if (node === undefined || node.connection.is === 'connected' || node.connection.is === 'never') {
    item.silentSinceMono = undefined
    return false
  }
  item.silentSinceMono ??= nowMono
  return nowMono - item.silentSinceMono >= LOST_AFTER_WINDOWS * item.policy.intervalMs
}

/**
 * The sites of one job's silent nodes that are silent as a whole: most of the control nodes (of the same site, connected
 * when the silent ones were granted, not touched by the rollout) are not connected either. Where every node was touched,
 * those that had become healthy are the control. No control, no excuse.
 */
export const silentSites = (view: JudgeView, key: string, silent: readonly Validating[]): ReadonlySet<string> => {
  const slots = view.job(key)?.rollouts.current?.slots
  const sites = new Map<string, { grantedAt: number; untouched: Tally; settled: Tally }>()
  for (const { node, grantedAt } of silent) {
    const site = siteOf(view, node)
    const known = sites.get(site)
    if (known === undefined) sites.set(site, { grantedAt, untouched: noTally(), settled: noTally() })
    else known.grantedAt = Math.min(known.grantedAt, grantedAt)
  }
  for (const id of view.nodes()) {
    const site = sites.get(siteOf(view, id))
    const connection = view.node(id)?.connection
    if (site === undefined || connection === undefined || connection.is === 'never') continue
    const isSilentToo = connection.is !== 'connected'
    // Who was away before says nothing about now.
    if (isSilentToo && connection.since < site.grantedAt) continue
    const slot = slots?.get(id)
    const tally = slot === undefined || slot === 'deferred' || slot === 'removed' ? site.untouched : site.settled
    if (tally === site.settled && slot !== 'healthy') continue
    tally.all += 1
    if (isSilentToo) tally.silent += 1
  }
  const whole = new Set<string>()
  for (const [site, { untouched, settled }] of sites) {
    const { all, silent: gone } = untouched.all > 0 ? untouched : settled
    if (all > 0 && 2 * gone > all) whole.add(site)
  }
  return whole
}

export const siteOf = (view: Pick<JudgeView, 'labelOf'>, node: NodeId): string => view.labelOf(node, SITE_LABEL) ?? ''

interface Tally {
  all: number
  silent: number
}
const noTally = (): Tally => ({ all: 0, silent: 0 })
