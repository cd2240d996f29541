/** Which commits a stream's client asked for. Filters are compared as text, so that equal ones share their bytes. */
import { jobKeyText } from '@dunlin/contracts'
import type { StreamEntry } from './entry.ts'

export interface StreamFilter {
  readonly namespace?: string | undefined
  /** Name of a job; needs `namespace`. */
  readonly job?: string | undefined
  readonly node?: string | undefined
}

export interface CompiledFilter {
  /** Equal for filters that let the same entries through. */
  readonly key: string
  readonly matches: (entry: StreamEntry) => boolean
}

/** A job's commits and its executions' reports; a namespace's likewise; a node's own subjects. All given ones must hold. */
export const compileFilter = ({ namespace, job, node }: StreamFilter): CompiledFilter => {
  const tests: ((entry: StreamEntry) => boolean)[] = []
  if (namespace !== undefined && job !== undefined) {
    const key = jobKeyText({ namespace, name: job })
    tests.push((entry) => entry.jobs().includes(key))
  } else if (namespace !== undefined) {
    const prefix = jobKeyText({ namespace, name: '' })
    tests.push((entry) => entry.jobs().some((key) => key.startsWith(prefix)))
  }
  if (node !== undefined)
    tests.push((entry) => {
      const subject = entry.subject()
      return (subject?.kind === 'node' || subject?.kind === 'report') && subject.key === node
    })
  return {
    key: JSON.stringify([namespace, job, node]),
    matches: (entry) => tests.every((test) => test(entry)),
  }
}
