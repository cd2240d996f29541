/** The one function behind every command to a node. All of them are taken in a full log too: they are what helps there. */
import { canonicalJson, DunlinError, type NodeAcceptedView, type NodeId } from '@dunlin/contracts'
import { decideNode, type FleetKinds, type NodeCommand, type NodeOutcome } from '@dunlin/domain'
import type { CommandHandler } from '@dunlin/eventstore'
import { nodeSubject } from '@dunlin/nats'
import { sha256, type Clock, type Random } from '@dunlin/runtime'
import type { ApiState } from '../state/api-state.ts'
import type { ParsedNodeCommand } from './node-commands.ts'
import type { Envelope } from './submit.ts'

/** Throws the refusal, or a retryable error of the log; nothing was written when it is a refusal. */
export type SubmitNode = (command: ParsedNodeCommand, envelope: Envelope) => Promise<NodeAcceptedView>

export interface SubmitNodeOptions {
  readonly state: ApiState
  readonly handler: CommandHandler<FleetKinds>
  readonly clock: Clock
  readonly random: Random
}

/** The command's own words, without when and by whom: what must be equal when an id is used again. */
const bodyHash = (command: ParsedNodeCommand): string =>
  sha256(canonicalJson({ ...command, notAfterMs: undefined, claimedActor: undefined }))

export const createSubmitNode =
  ({ state, handler, clock, random }: SubmitNodeOptions): SubmitNode =>
  async (command, envelope) => {
    const at = clock.nowMs()
    const { id = `~api.${random.ulid(at)}`, actor, source } = envelope
    const req = envelope.id === undefined ? undefined : bodyHash(command)
    const remembered = { ...(req === undefined ? {} : { req }), ...(source === undefined ? {} : { src: source }) }
    const wanted = domainCommand(command, {
      id,
      at,
      ...remembered,
      node: command.node as NodeId,
      ...(command.reason === undefined ? {} : { reason: command.reason }),
      ...(command.notAfterMs === undefined ? {} : { notAfter: command.notAfterMs }),
    })
    let outcome: NodeOutcome | undefined
    const result = await handler.handle({
      kind: 'node',
      key: command.node,
      subject: nodeSubject(command.node),
      command: { id, by: actor, at, ...remembered },
      decide: ({ state: node }) => {
        const decision = decideNode(node, wanted)
        if (decision.ok) outcome = decision.result
        return decision
      },
    })
    if (!result.ok) throw result.error
    if (outcome === undefined) throw new DunlinError('internal', 'A decision without an outcome was accepted.')
    // A repeated command is answered with the sequence of its first commit.
    const seq = state.node(command.node)?.commands?.byId.get(id)?.seq ?? result.seq
    return { ok: true, command_id: id, seq, node: command.node, unchanged: outcome.unchanged }
  }

type Head = Omit<Extract<NodeCommand, { verb: 'approve' | 'cordon' | 'uncordon' }>, 'verb'>

const domainCommand = (command: ParsedNodeCommand, head: Head): NodeCommand => {
  switch (command.verb) {
    case 'approve':
    case 'cordon':
    case 'uncordon':
      return { ...head, verb: command.verb }
    case 'label':
      return { ...head, verb: 'label', set: command.set, remove: command.remove }
    case 'drain': {
      const { deadlineMs } = command
      return { ...head, verb: 'drain', ...(deadlineMs === undefined ? {} : { deadlineMs }) }
    }
    case 'remove':
      return { ...head, verb: 'remove', force: command.force }
    default:
      return command satisfies never
  }
}
