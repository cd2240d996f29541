/** Where a node stands in a sentence, and what its drain waits for. */
import { parseJobKeyText } from '@dunlin/contracts'
import type { DrainPlan, DrainStep, NodeState, Wait } from '@dunlin/domain'

export const nodeMessage = (node: NodeState | undefined, drain: DrainPlan | undefined, jobs: number): string => {
  const standing = node?.admission === 'admitted' ? (node.connection.is as string) : (node?.admission ?? 'unknown')
  return [standing, ...schedulingWords(node, drain), jobs === 1 ? '1 job' : `${jobs} jobs`].join(', ')
}

const schedulingWords = (node: NodeState | undefined, drain: DrainPlan | undefined): readonly string[] => {
  if (node?.scheduling.is === 'cordoned') return ['cordoned']
  if (drain === undefined) return []
  return [drain.isDone ? 'drained: nothing runs there' : `draining: ${count(drain.steps.length)} still to stop`]
}

const count = (jobs: number): string => (jobs === 1 ? '1 job' : `${jobs} jobs`)

/** Nobody else can do it. */
export const approvalWaits = (id: string, node: NodeState | undefined): readonly Wait[] =>
  node?.admission === 'pending'
    ? [{ what: 'approval', message: `a person to let it take part: dunlin node approve ${id}` }]
    : []

/** One line for each job that still runs, in the order in which they are stopped. */
export const drainWaits = (drain: DrainPlan | undefined): readonly Wait[] =>
  (drain?.steps ?? []).map((step) => ({
    what: `drain_${step.turn}`,
    message: wordsOf(step),
    ...(step.turn === 'stopping' || drain?.deadlineAt === undefined ? {} : { until: drain.deadlineAt }),
  }))

const wordsOf = ({ key, priority, turn }: DrainStep): string => {
  const { namespace, name } = parseJobKeyText(key)
  const job = `${namespace}/${name} (priority ${priority})`
  switch (turn) {
    case 'stopping':
      return `${job} to stop`
    case 'waiting':
      return `${job} to stop after those of lower priority`
    case 'finishing':
      return `${job} to finish, because it is a batch job`
    default:
      return turn satisfies never
  }
}
