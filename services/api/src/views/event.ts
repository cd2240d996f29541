/** A commit as people and programs outside see it. */
import { parseJobKeyText, type Commit, type EventView } from '@dunlin/contracts'
import type { LogSubject } from '@dunlin/nats'
import { instant } from './instant.ts'

export const eventView = (seq: number, subject: LogSubject, commit: Commit): EventView => ({
  seq,
  kind: subject.kind,
  ...(subject.kind === 'job' ? parseJobKeyText(subject.key) : {}),
  ...(subject.kind === 'node' || subject.kind === 'report' ? { node: subject.key } : {}),
  v: commit.v,
  command_id: commit.cmd,
  by: commit.by,
  at: instant(commit.at),
  ...(commit.cause === undefined ? {} : { cause: { ...commit.cause } }),
  events: commit.ev.map((event) => ({ ...event })),
})
