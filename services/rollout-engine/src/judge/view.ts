/** What judgement reads of the folds. */
import type { NodeId } from '@dunlin/contracts'
import type { FleetReader, Job } from '@dunlin/domain'

export interface JudgeView extends FleetReader {
  readonly nodes: () => Iterable<NodeId>
  readonly labelOf: (node: NodeId, label: string) => string | undefined
  readonly job: (key: string) => Job | undefined
}
