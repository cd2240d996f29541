/** The recorded logs under histories/<release>/, written by `npm run demo -- --record FILE` and by record/main.ts. */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Recorded } from '@dunlin/eventstore'

export interface History {
  /** `0.1.0/demo.jsonl` */
  readonly name: string
  readonly commits: readonly Recorded[]
}

const folder = join(import.meta.dirname, 'histories')

interface Line {
  readonly seq: number
  readonly subject: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: unknown
}

export const readHistories = (): readonly History[] =>
  readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.jsonl'))
    .sort()
    .map((name) => ({ name, commits: readFileSync(join(folder, name), 'utf8').trimEnd().split('\n').map(recorded) }))

const recorded = (text: string): Recorded => {
  const { seq, subject, headers, body } = JSON.parse(text) as Line
  return {
    seq,
    subject,
    data: new TextEncoder().encode(JSON.stringify(body)),
    storedAtMs: 0,
    msgId: headers['Nats-Msg-Id'],
  }
}
