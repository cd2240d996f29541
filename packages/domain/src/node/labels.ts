/**
 * The labels of a node: what it announces of itself, as far as its join token lets it, with those of the centre over them.
 * The one place that joins the two, so that a selector, a list and a judge never see different ones.
 */
import { reservedLabelPrefix, type Labels } from '@dunlin/contracts'
import type { NodeReports } from '../execution/state.ts'
import type { NodeState } from './state.ts'

type Policy = Pick<NodeState, 'labels' | 'ownLabels'>
type Said = Pick<NodeReports, 'announced'>

const NONE: Labels = {}

export const labelsOf = (node: Policy | undefined, reports: Said | undefined): Labels => {
  const own = reports?.announced?.labels ?? NONE
  const { ownLabels } = node ?? {}
  if (ownLabels === undefined) return { ...own, ...node?.labels }
  const allowed = Object.entries(own).filter(([key]) => ownLabels.includes(key))
  return { ...Object.fromEntries(allowed), ...node?.labels }
}

/** One of `labelsOf`. */
export const labelOf = (node: Policy | undefined, reports: Said | undefined, key: string): string | undefined => {
  const ofCentre = node?.labels[key]
  if (ofCentre !== undefined) return ofCentre
  return node?.ownLabels?.includes(key) === false ? undefined : reports?.announced?.labels[key]
}

/**
 * Keys that it announces although it may not, and that nobody believes. What every agent announces of its machine is not
 * named: it says nothing about this node.
 */
export const refusedLabels = (node: Policy | undefined, reports: Said | undefined): readonly string[] => {
  const { ownLabels } = node ?? {}
  if (ownLabels === undefined) return []
  const keys = Object.keys(reports?.announced?.labels ?? NONE)
  return keys.filter((key) => !ownLabels.includes(key) && reservedLabelPrefix(key) === undefined)
}
