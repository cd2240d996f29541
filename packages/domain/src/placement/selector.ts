/** Whether a selector takes a node, and if not, the first thing that speaks against it. */
import type { Labels, ParsedSelector } from '@dunlin/contracts'

export type SelectorMatch = { readonly matches: true } | { readonly matches: false; readonly because: string }
type Requirement = ParsedSelector['requirements'][number]

/** `!=` and `notin` also take nodes without the label, as in Kubernetes. An empty selector takes every node. */
export const matchesSelector = (selector: ParsedSelector, nodeId: string, labels: Labels): SelectorMatch => {
  if (selector.ids !== undefined && !selector.ids.has(nodeId))
    return { matches: false, because: `match_ids does not name ${nodeId}` }
  const against = selector.requirements.find((requirement) => !holds(requirement, labels))
  if (against === undefined) return { matches: true }
  return { matches: false, because: `wants ${written(against)}, but ${found(against.key, labels)}` }
}

const holds = ({ key, operator, values }: Requirement, labels: Labels): boolean => {
  const value = labelOf(labels, key)
  switch (operator) {
    case 'exists':
      return value !== undefined
    case 'absent':
      return value === undefined
    case '=':
    case 'in':
      return value !== undefined && values.includes(value)
    case '!=':
    case 'notin':
      return value === undefined || !values.includes(value)
    default:
      return operator satisfies never
  }
}

/** A label key may be spelled like a member of every object, e.g. `constructor`. */
const labelOf = (labels: Labels, key: string): string | undefined =>
  Object.hasOwn(labels, key) ? labels[key] : undefined

const written = ({ key, operator, values }: Requirement): string => {
  if (operator === 'exists') return key
  if (operator === 'absent') return `!${key}`
  if (operator === 'in' || operator === 'notin') return `${key} ${operator} (${values.join(',')})`
  return `${key}${operator}${values[0] ?? ''}`
}

const found = (key: string, labels: Labels): string => {
  const value = labelOf(labels, key)
  return value === undefined ? `the node has no label ${key}` : `the node has ${key}=${value}`
}
