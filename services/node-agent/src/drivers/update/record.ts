/** Where an update of a payload stands, in the task's directory, so that the next agent goes on with it. */
import { open, rename } from 'node:fs/promises'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import * as z from 'zod/mini'
import { readText } from '../task-dir.ts'

const recordSchema = z.object({
  attempt: z.int(),
  to: z.string(),
  /** Absent: there was none. */
  from: z.optional(z.string()),
  step: z.discriminatedUnion('is', [
    /** The slot is whole; the link may or may not have been replaced. */
    z.object({ is: z.literal('switching') }),
    /** The link is replaced; the new version has to show that it is healthy. */
    z.object({ is: z.literal('on_trial') }),
    z.object({ is: z.literal('going_back'), why: z.string() }),
    z.object({ is: z.literal('done'), at: z.number() }),
    z.object({ is: z.literal('reverted'), why: z.string(), at: z.number() }),
  ]),
})
export type UpdateRecord = z.output<typeof recordSchema>

export const readRecord = (dir: string, attempt: number): UpdateRecord | undefined => {
  try {
    const record = recordSchema.parse(JSON.parse(readText(join(dir, 'update.json')) ?? ''))
    return record.attempt === attempt ? record : undefined
  } catch {
    return undefined
  }
}

export const writeRecord = async (dir: string, record: UpdateRecord): Promise<void> => {
  mkdirSync(dir, { recursive: true, mode: 0o700 })
  const path = join(dir, 'update.json')
  const handle = await open(`${path}.tmp`, 'w', 0o600)
  try {
    await handle.writeFile(JSON.stringify(record))
    await handle.sync()
  } finally {
    await handle.close()
  }
  await rename(`${path}.tmp`, path)
}
