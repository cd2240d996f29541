/** A message as it came from the wire, with everything that folds rarely look at read only when asked for. */
import type { Recorded } from '@dunlin/eventstore'
import type { Msg } from 'nats'

export class Delivered implements Recorded {
  readonly seq: number
  readonly data: Uint8Array
  readonly storedAtMs: number
  private readonly message: Msg

  constructor(message: Msg, seq: number, storedAtMs: number) {
    this.message = message
    this.seq = seq
    this.data = message.data
    this.storedAtMs = storedAtMs
  }

  get subject(): string {
    return this.message.subject
  }

  get msgId(): string | undefined {
    const id = this.message.headers?.get('Nats-Msg-Id')
    return id === '' ? undefined : id
  }
}
