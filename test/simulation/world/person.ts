/** A person who sends commands by subject and hears what becomes of them, as any client does. */
import { jobKeyText, type JobKey, type NodeId, type NodeVerb } from '@dunlin/contracts'
import type { MemoryStore } from '@dunlin/eventstore/memory'
import { commandSubject, nodeCommandSubject } from '@dunlin/nats'

export type SentCommand = {
  readonly id: string
  readonly verb: string
  readonly body: Readonly<Record<string, unknown>>
} & ({ readonly key: JobKey } | { readonly node: NodeId })
export interface Outcome {
  readonly ok: boolean
  /** Of an applied command: its first commit. */
  readonly seq?: number
  readonly unchanged?: boolean
  readonly code?: string
}

export interface Person {
  send(command: SentCommand): void
  /** A command to a node, in stories that do not wait for its answer. */
  tellNode(node: NodeId, verb: NodeVerb, body?: SentCommand['body']): void
  /** The last command once more. */
  repeat(): void
  /** First answer to each command, by its id. */
  /** `of`: the job or node that it was sent to. */
  readonly answers: ReadonlyMap<string, Outcome & { readonly of: string }>
}

const decoder = new TextDecoder()

export const createPerson = (store: MemoryStore, tell: (line: string) => void): Person => {
  const sent = new Map<string, SentCommand>()
  const answers = new Map<string, Outcome & { readonly of: string }>()
  let last: SentCommand | undefined

  store.bus.subscribe('outcome.*', ({ data }) => {
    const body = JSON.parse(decoder.decode(data)) as {
      ok: boolean
      command_id: string
      seq?: number
      unchanged?: boolean
      error?: { code: string }
    }
    const command = sent.get(body.command_id)
    if (command === undefined || answers.has(command.id)) return
    tell(`  ${command.id} ${body.ok ? `is at ${body.seq}` : `is refused: ${body.error?.code}`}`)
    answers.set(command.id, {
      ok: body.ok,
      of: 'key' in command ? jobKeyText(command.key) : command.node,
      ...(body.seq === undefined ? {} : { seq: body.seq }),
      ...(body.unchanged === undefined ? {} : { unchanged: body.unchanged }),
      ...(body.error === undefined ? {} : { code: body.error.code }),
    })
  })

  const publish = (command: SentCommand): void => {
    const data = new TextEncoder().encode(JSON.stringify(command.body))
    const { verb } = command
    const subject = 'key' in command ? commandSubject(command.key, verb) : nodeCommandSubject(command.node, verb)
    store.intake.publish(subject, data, { 'Nats-Msg-Id': command.id })
  }
  const send = (command: SentCommand): void => {
    last = command
    sent.set(command.id, command)
    publish(command)
  }
  let told = 0
  return {
    answers,
    send,
    tellNode: (node, verb, body = {}) => send({ id: `told-${(told += 1)}`, node, verb, body }),
    repeat: () => {
      if (last !== undefined) publish(last)
    },
  }
}
