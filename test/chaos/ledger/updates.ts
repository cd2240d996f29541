/**
 * What must hold of updates when everything has come to rest: on each node one agent runs, of the version that is in use,
 * which is a good one and the one that the log says; a version that was broken was left; so with payloads.
 */
import type { Struck } from './laws.ts'
import { byExecution, isEnd, type Told } from './told.ts'
import type { Step } from './update-witness.ts'

/** What lies on a node, seen without asking anybody. */
export interface NodeSeen {
  readonly node: string
  /** Mark of the slot in use; "none" for what was installed at first, undefined when there is none. */
  readonly inUse: Readonly<Record<'agent' | 'payload', string | undefined>>
  /** Nobody has decided yet about the version on trial. */
  readonly isOnTrial: boolean
  /** Mark of each agent that runs; "unknown" when it has not said. */
  readonly agents: readonly string[]
  readonly steps: readonly Step[]
  /** Marks that the log wants to have been tried here: agent's and payload's. */
  readonly wished: readonly string[]
}

const TARGETS = ['agent', 'payload'] as const
type Target = (typeof TARGETS)[number]

/** Mark of what an execution brought, as far as its commands have said. */
const marksOf = ({ steps }: NodeSeen, told: readonly Told[]) => {
  const byContent = new Map<string, string>()
  // Of an execution that goes back, the last restart is about the version before it; the first step never is.
  const first = new Map<string, string>()
  for (const { is, execution, mark } of steps) if (is !== 'overlap' && !first.has(execution)) first.set(execution, mark)
  for (const { execution, content } of told) {
    const mark = first.get(execution)
    if (mark !== undefined) byContent.set(content, mark)
  }
  return ({ execution, content }: Told): string | undefined => first.get(execution) ?? byContent.get(content)
}

/** Ends of a job on a node, each once, in the order in which they happened. */
const endsOf = (told: readonly Told[], node: string, job: Target): readonly Told[] =>
  [...byExecution(told.filter((one) => one.node === node && one.job === job && isEnd(one))).values()]
    .flatMap(([first]) => (first === undefined ? [] : [first]))
    .toSorted((a, b) => a.at - b.at || a.seq - b.seq)

/** What is not (yet) decided; sentences, none when everything is. */
export const undecided = (seen: NodeSeen, told: readonly Told[]): readonly string[] => {
  const { node, agents, isOnTrial, inUse, wished } = seen
  const found: string[] = []
  if (isOnTrial) found.push(`${node} has a version of the agent on trial`)
  if (agents.length !== 1) found.push(`${node} runs ${agents.length} agents`)
  for (const mark of agents)
    if (mark !== inUse.agent) found.push(`${node} runs the agent ${mark}, and ${inUse.agent ?? 'nothing'} is in use`)
  const here = told.filter((one) => one.node === node && TARGETS.some((target) => target === one.job))
  for (const [execution, all] of byExecution(here)) {
    const last = all.at(-1)
    if (last !== undefined && !all.some(isEnd)) found.push(`${node} ${last.job} ${execution} is still ${last.state}`)
  }
  const markOf = marksOf(seen, told)
  const ended = new Set(here.filter(isEnd).map(markOf))
  for (const mark of wished) if (!ended.has(mark)) found.push(`${node} has not tried ${mark}`)
  return found
}

/** What is in use and must not be. Only when everything is decided. */
export const wrongVersions = (
  seen: NodeSeen,
  told: readonly Told[],
  struck: readonly Struck[],
  isGood: (mark: string) => boolean,
): readonly string[] => {
  const { node, inUse, steps } = seen
  const markOf = marksOf(seen, told)
  const found: string[] = []
  for (const target of TARGETS) {
    const mark = inUse[target]
    // A stop may come before the switch or after it; an end with success says which.
    let allowed = new Set<string | undefined>([target === 'agent' ? 'none' : undefined])
    for (const end of endsOf(told, node, target)) {
      if (end.state === 'completed') allowed = new Set([markOf(end)])
      if (end.state === 'stopped') allowed.add(markOf(end))
    }
    if (!allowed.has(mark))
      found.push(
        `${node} uses ${mark ?? 'no'} ${target}; the log says ${[...allowed].map((one) => one ?? 'none').join(' or ')}`,
      )
    if (mark !== undefined && mark !== 'none' && !isGood(mark))
      found.push(`${node} uses the ${target} ${mark}, which is broken`)
  }
  for (const { is, execution } of steps)
    if (is === 'overlap') found.push(`${node}: two commands of an update ran at once: ${execution}`)
  const restarted = steps.findLast(({ is }) => is === 'restart')
  const wasStruck = struck.some(
    (one) => one.node === node && one.job === 'payload' && one.execution === restarted?.execution,
  )
  if (inUse.payload !== undefined && restarted?.mark !== inUse.payload && !wasStruck)
    found.push(`${node} uses the payload ${inUse.payload}, and ${restarted?.mark ?? 'none'} was restarted last`)
  return found
}
