/** A node as JSON, for snapshots and checkpoints. */
import type { RememberedCommand, RememberedCommands } from '../job/remembered.ts'
import type { NodeOutcome, NodeState } from './state.ts'

interface NodeJson extends Omit<NodeState, 'commands'> {
  readonly commands?: Omit<RememberedCommands<NodeOutcome>, 'byId'> & {
    readonly byId: readonly RememberedCommand<NodeOutcome>[]
  }
}

export const nodeToJson = ({ commands, ...node }: NodeState): NodeJson =>
  commands === undefined ? node : { ...node, commands: { ...commands, byId: [...commands.byId.values()] } }

/** Trusts its input: a snapshot is our own. */
export const nodeFromJson = (json: unknown): NodeState => {
  const { commands, ...node } = json as NodeJson
  if (commands === undefined) return node
  return { ...node, commands: { ...commands, byId: new Map(commands.byId.map((entry) => [entry.id, entry])) } }
}
