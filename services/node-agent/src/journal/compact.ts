/** What a journal may forget: transitions that a later one of the same execution stands for, and contents that nobody uses. */
import { desiredDocumentSchema, type Transition } from '@dunlin/contracts/agent'
import type { DatabaseSync } from 'node:sqlite'

/**
 * Keeps the latest unsent transition of each execution and says how many it stands for. Inside a transaction. Up to
 * `sendingJ` they are on their way as they are, and would be counted twice.
 */
export const compactUnsent = (db: DatabaseSync, sendingJ: number): void => {
  const one = db.prepare('select transition from unsent where j = ?')
  const earlier = db.prepare('select transition from unsent where execution = ? and j < ? and j > ?')
  const drop = db.prepare('delete from unsent where execution = ? and j < ? and j > ?')
  const change = db.prepare('update unsent set transition = ? where j = ?')
  const groups = db.prepare(
    'select execution, count(*) as n, max(j) as last from unsent where j > ? group by execution',
  )
  const rows = groups.all(sendingJ)
  for (const { execution, n, last } of rows as { execution: string; n: number; last: number }[]) {
    if (n < 2) continue
    const transition = JSON.parse(one.get(last)?.['transition'] as string) as Transition
    const before = earlier
      .all(execution, last, sendingJ)
      .map((row) => JSON.parse(row['transition'] as string) as Transition)
    const replaces = before.reduce((sum, each) => sum + (each.replaces ?? 0) + 1, transition.replaces ?? 0)
    drop.run(execution, last, sendingJ)
    change.run(JSON.stringify({ ...transition, replaces }), last)
  }
}

/** Drops contents that neither a known execution nor the held document names. Inside a transaction. */
export const dropUnusedContents = (db: DatabaseSync): void => {
  const used = new Set<string>()
  for (const row of db.prepare('select entry from executions').all())
    used.add((JSON.parse(row['entry'] as string) as { content: string }).content)
  const document = db.prepare(`select value from meta where key = 'document'`).get()?.['value']
  for (const content of typeof document === 'string' ? contentsOf(document) : []) used.add(content)
  const drop = db.prepare('delete from contents where hash = ?')
  for (const { hash } of db.prepare('select hash from contents').all() as { hash: string }[])
    if (!used.has(hash)) drop.run(hash)
}

const contentsOf = (document: string): string[] => {
  try {
    const read = desiredDocumentSchema.safeParse(JSON.parse(document))
    return read.success ? read.data.executions.map(({ content }) => content) : []
  } catch {
    return []
  }
}
