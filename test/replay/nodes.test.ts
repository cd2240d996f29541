/** 0.3.0/nodes.jsonl tells what people did to nodes, and which jobs ran into a limit. */
import { isPresent, foldings, type FleetKinds } from '@dunlin/domain'
import { createFold } from '@dunlin/eventstore'
import { parseLogSubject } from '@dunlin/nats'
import { describe, expect, it } from 'vitest'
import { readHistories } from './histories.ts'

const commits = readHistories().find(({ name }) => name === '0.3.0/nodes.jsonl')?.commits ?? []
const fold = createFold<FleetKinds>({ route: parseLogSubject, kinds: foldings })
interface Granting {
  readonly grants?: readonly (readonly [string, string])[]
}
/** What stood in the log of each kind of event, in order: the subject's own name and the event. */
const story: (readonly [string, { readonly type: string; readonly remove?: readonly string[] }])[] = []
for (const commit of commits) {
  fold.apply(commit)
  const { ev } = JSON.parse(new TextDecoder().decode(commit.data)) as { ev: { type: string }[] }
  for (const event of ev) story.push([commit.subject.slice(commit.subject.lastIndexOf('.') + 1), event])
}
const job = (name: string) => {
  const state = fold.get('job', `default/${name}`)?.state
  if (state === undefined || !isPresent(state)) throw new Error(`there is no job ${name}`)
  return state
}

describe('0.3.0/nodes.jsonl', () => {
  it('drained in order: the batch job ended before the other lost its place', () => {
    const drained = story.findIndex(([of, { type }]) => of === 'edge-1' && type === 'NodeDrained')
    const left = story.findIndex(([of, { remove }], n) => n > drained && of === 'shipper' && remove?.includes('edge-1'))
    const ended = story.findIndex(
      ([of, event], n) => n > drained && of === 'edge-1' && (event as { state?: string }).state === 'completed',
    )
    expect([drained > 0, ended > drained, left > ended]).toEqual([true, true, true])
    expect(job('count').versions.state).toMatchObject({ type: 'completed' })
    // What it had finished there did not run again when the drain was over.
    const grants = story.flatMap(([of, event]) => (of === 'count' ? ((event as Granting).grants ?? []) : []))
    expect(grants.filter(([node]) => node === 'edge-1')).toHaveLength(1)
  })
  it('keeps labels, revokes nothing of nodes without keys, and remembers a command that changed nothing', () => {
    expect(fold.get('node', 'edge-1')?.state).toMatchObject({ labels: { ring: 'canary' }, scheduling: { is: 'open' } })
    expect(fold.get('node', 'edge-3')?.state).toMatchObject({ admission: 'admitted', connection: { is: 'connected' } })
    const again = fold.get('node', 'edge-2')?.state.commands?.byId.get('again')
    expect(again?.outcome).toEqual({ unchanged: true })
  })
  it('ended two jobs by their limits, once each, and one of them lived again', () => {
    const timedOut = story.filter(([, { type }]) => type === 'JobTimedOut').map(([of]) => of)
    expect(timedOut).toEqual(['nowhere', 'short'])
    expect(job('nowhere').versions).toMatchObject({ lifecycle: 'failed', state: { reason: 'queue_timeout' } })
    expect(job('short').versions).toMatchObject({ lifecycle: 'stopped', version: 2 })
  })
})
