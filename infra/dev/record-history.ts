/** Writes a log as JSON lines: a golden history, which the code of every later release must still fold. */
import { connectStore } from '@dunlin/nats'
import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'

/** One line. The body is the commit as it was stored, byte for byte when it is written again without spaces. */
interface RecordedLine {
  readonly seq: number
  readonly subject: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: unknown
}

/** Reads EVENTS up to its present end. @returns how many commits were written */
export const recordHistory = async (natsUrl: string, file: string): Promise<number> => {
  const store = await connectStore({ url: natsUrl, name: 'record-history', noEnsure: true })
  try {
    const { lastSeq } = await store.log.info()
    const lines: string[] = []
    for (let seq = 1; seq <= lastSeq; seq += 1) {
      const recorded = await store.log.at(seq)
      if (recorded === undefined) continue
      const body: unknown = JSON.parse(new TextDecoder().decode(recorded.data))
      const line: RecordedLine = {
        seq,
        subject: recorded.subject,
        headers: recorded.msgId === undefined ? {} : { 'Nats-Msg-Id': recorded.msgId },
        body,
      }
      lines.push(JSON.stringify(line))
    }
    mkdirSync(dirname(file), { recursive: true })
    writeFileSync(file, `${lines.join('\n')}\n`)
    return lines.length
  } finally {
    await store.close()
  }
}
