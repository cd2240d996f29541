/** The log as a client sees it: every commit up to the present, once and in order. */
import type { Client } from '@dunlin/client'
import type { EventView } from '@dunlin/contracts'

/** Reads from after `since` to what is the end now. */
export const readLog = async (client: Client, since = 0): Promise<readonly EventView[]> => {
  const { seq: end } = await client.jobs.list({ limit: 1 })
  const events: EventView[] = []
  const enough = new AbortController()
  if (end <= since) return events
  for await (const event of client.events({}, { since, signal: enough.signal })) {
    events.push(event)
    if (event.seq >= end) enough.abort()
  }
  return events
}

/** How often each command of people or programs changed a job, or was noted as changing nothing. */
export const effects = (events: readonly EventView[]): ReadonlyMap<string, number> => {
  const counts = new Map<string, number>()
  for (const { kind, command_id: id } of events)
    if (kind === 'job' && !id.startsWith('~')) counts.set(id, (counts.get(id) ?? 0) + 1)
  return counts
}
