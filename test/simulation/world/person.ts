/** A person who sends commands by subject and hears what becomes of them, as any client does. */
import { jobKeyText, type JobKey } from '@dunlin/contracts'
import type { MemoryStore } from '@dunlin/eventstore/memory'
import { commandSubject } from '@dunlin/nats'

export interface SentCommand {
  readonly id: string
  readonly key: JobKey
  readonly verb: string
  readonly body: Readonly<Record<string, unknown>>
}
export interface Outcome {
  readonly ok: boolean
  /** Of an applied command: its first commit. */
  readonly seq?: number
  readonly unchanged?: boolean
  readonly code?: string
}

export interface Person {
  send(command: SentCommand): void
  /** The last command once more. */
  repeat(): void
  /** First answer to each command, by its id. */
  readonly answers: ReadonlyMap<string, Outcome & { readonly job: string }>
}

const decoder = new TextDecoder()

export const createPerson = (store: MemoryStore, tell: (line: string) => void): Person => {
  const sent = new Map<string, SentCommand>()
  const answers = new Map<string, Outcome & { readonly job: string }>()
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
      job: jobKeyText(command.key),
      ...(body.seq === undefined ? {} : { seq: body.seq }),
      ...(body.unchanged === undefined ? {} : { unchanged: body.unchanged }),
      ...(body.error === undefined ? {} : { code: body.error.code }),
    })
  })

  const publish = (command: SentCommand): void => {
    const data = new TextEncoder().encode(JSON.stringify(command.body))
    store.intake.publish(commandSubject(command.key, command.verb), data, { 'Nats-Msg-Id': command.id })
  }
  return {
    answers,
    send: (command) => {
      last = command
      sent.set(command.id, command)
      publish(command)
    },
    repeat: () => {
      if (last !== undefined) publish(last)
    },
  }
}
