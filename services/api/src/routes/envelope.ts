/** What the headers of a command say: its id, who asks, and what the job must be. */
import { userActor } from '@dunlin/contracts'
import type { CommandHead } from '@dunlin/domain'
import type { Envelope } from '../intake/submit.ts'

interface CommandHeaders {
  readonly 'idempotency-key'?: string | undefined
  readonly 'if-match'?: string | undefined
  readonly 'x-dunlin-actor'?: string | undefined
}

/** `5`, `"5"` = revision 5; `version:3` = version 3. The contract's pattern lets nothing else through. */
const expectedOf = (ifMatch: string | undefined): CommandHead['expected'] | undefined => {
  if (ifMatch === undefined) return undefined
  const text = ifMatch.replaceAll('"', '')
  return text.startsWith('version:') ? { version: Number(text.slice(8)) } : { revision: Number(text) }
}

/** `claimed`: who the body says it is, where no header does. */
export const envelopeOf = (headers: CommandHeaders, claimed?: string): Envelope => ({
  id: headers['idempotency-key'],
  actor: userActor(headers['x-dunlin-actor'] ?? claimed ?? 'local'),
  expected: expectedOf(headers['if-match']),
})
