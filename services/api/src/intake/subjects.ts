/**
 * Commands by subject: takes COMMANDS in order, one at a time for each job or node, and answers every one. A command that can
 * never succeed is answered, copied to the dead letters and removed; one that cannot succeed now waits in place.
 */
import { natsActor, type AcceptedView, type NodeAcceptedView } from '@dunlin/contracts'
import type { Bus, CommandQueue, QueuedCommand, Subscription } from '@dunlin/eventstore'
import { outcomeSubject } from '@dunlin/nats'
import type { Clock, Logger, Metrics } from '@dunlin/runtime'
import { toDunlinError } from '../http/problems.ts'
import { acceptedBody, refusedBody } from './answer.ts'
import { parseCommand } from './commands.ts'
import { parseNodeCommand } from './node-commands.ts'
import { retryInPlace } from './retry.ts'
import type { SubmitNode } from './submit-node.ts'
import type { Envelope, Submit } from './submit.ts'
import { commandIdOf, readSubjectCommand, replyToOf, type SubjectCommand } from './subject-command.ts'

export interface IntakeOptions {
  readonly commands: CommandQueue
  readonly bus: Bus
  readonly submit: Submit
  readonly submitNode: SubmitNode
  readonly clock: Clock
  readonly logger: Logger
  readonly metrics: Metrics
  readonly signal: AbortSignal
}

interface Understood {
  readonly verb: string
  readonly claimedActor: string | undefined
  readonly submit: (envelope: Envelope) => Promise<AcceptedView | NodeAcceptedView>
}

const encode = (body: unknown): Uint8Array => Buffer.from(JSON.stringify(body))

export const startIntake = (options: IntakeOptions): Subscription => {
  const { commands, bus, submit, submitNode, clock, logger, metrics, signal } = options

  const answer = (commandId: string, replyTo: string | undefined, body: unknown): void => {
    const data = encode(body)
    bus.publish(outcomeSubject(commandId), data)
    if (replyTo !== undefined) bus.publish(replyTo, data)
  }

  /** What the command says and how it is carried out; its answer is the document that its sender gets. */
  const understand = (read: SubjectCommand): Understood => {
    if (read.kind === 'job') {
      const parsed = parseCommand(read.key, read.verb, read.body)
      const run = async (envelope: Envelope) => acceptedBody(await submit(parsed, envelope))
      return { verb: parsed.verb, claimedActor: parsed.claimedActor, submit: run }
    }
    const parsed = parseNodeCommand(read.node, read.verb, read.body)
    const run = (envelope: Envelope) => submitNode(parsed, envelope)
    return { verb: `node_${parsed.verb}`, claimedActor: parsed.claimedActor, submit: run }
  }

  const handle = async (command: QueuedCommand): Promise<void> => {
    const { id, error: wrongId } = commandIdOf(command)
    let replyTo: string | undefined
    let verb = 'unread'
    try {
      replyTo = replyToOf(command.headers)
      if (wrongId !== undefined) throw wrongId
      const read = readSubjectCommand(command)
      const { claimedActor, ...parsed } = understand(read)
      verb = parsed.verb
      const source = { created: command.created, seq: command.seq }
      const envelope: Envelope = { id, actor: natsActor(claimedActor), source }
      const accepted = await retryInPlace(() => parsed.submit(envelope), {
        clock,
        signal,
        onWait: (error, delayMs) => {
          logger.warn('a command waits', { command: id, code: error.code, detail: error.message, delayMs })
          command.working()
        },
      })
      answer(id, replyTo, accepted)
      await command.done()
      metrics.add('dunlin_commands_total', { verb, outcome: accepted.unchanged ? 'unchanged' : 'applied' })
    } catch (error) {
      const known = toDunlinError(error)
      // Only a stopping service comes here with a retryable error: the queue delivers the command again.
      if (known.retryable) throw known
      const body = refusedBody(id, known)
      answer(id, replyTo, body)
      metrics.add('dunlin_commands_total', {
        verb: known.code === 'unknown_verb' ? 'unknown' : verb,
        outcome: known.code,
      })
      if (known.code === 'internal') logger.error('a command failed', { command: id, error: String(error) })
      await command.refused(id, encode(body))
    }
  }
  return commands.consume(async (command) => {
    try {
      await handle(command)
    } catch (error) {
      // `done` or `refused` did not reach the server; the queue delivers the command again, and its id is remembered.
      logger.warn('a command was not acknowledged', { seq: command.seq, error: toDunlinError(error).message })
      throw error
    }
  })
}
