/** What a node that turned bad writes into the log must not end an event stream, or the process that serves it. */
import { createClient } from '@dunlin/client'
import { nodeSubject, reportSubject } from '@dunlin/nats'
import { afterEach, expect, it } from 'vitest'
import { startInProcess, type InProcess } from '../test-tools/in-process.ts'

let given: InProcess
afterEach(() => given.stop())

const DEPTH = 100_000
const deep = `${'['.repeat(DEPTH)}${']'.repeat(DEPTH)}`
const commit = (at: number | string, ev: string): string =>
  `{"s":1,"v":1,"cmd":"b/1","by":"node:edge-1","at":${at},"ev":${ev}}`
const reported = '"type":"ExecutionReported"'
const hostile = [
  commit(9_007_199_254_740_991, '[]'),
  commit('1e999', '[]'),
  commit(1, `[{"type":"NodeAnnounced","x":${deep}}]`),
  commit(1, `[{${reported}}]`),
  commit(1, `[{${reported},"job":null}]`),
  commit(1, `[{${reported},"job":{"namespace":1,"name":{}}}]`),
  commit(1, `[{${reported},"job":{"namespace":"default","name":"web"},"x":${deep}}]`),
  commit(1, '[{"type":"__proto__","__proto__":1}]'),
  deep,
  '"text"',
]

it.each(['', 'namespace=default', 'namespace=default&job=web', 'node=edge-1'])(
  'streams with "%s" go on',
  async (query) => {
    given = await startInProcess({ port: 0 })
    const stop = new AbortController()
    const filter = Object.fromEntries(new URLSearchParams(query)) as { namespace?: string; job?: string; node?: string }
    const seen: number[] = []
    const reading = (async () => {
      for await (const { seq } of createClient({ baseUrl: given.api.url ?? '' }).events(filter, {
        since: 0,
        signal: stop.signal,
      }))
        seen.push(seq)
    })()
    // Live, and once more from the log.
    for (let round = 0; round < 2; round++) {
      for (const text of hostile)
        await given.store.log.append({
          subject: reportSubject('edge-1'),
          data: Buffer.from(text),
          expected: (await given.store.log.last(reportSubject('edge-1')))?.seq ?? 0,
        })
      await given.send('PUT', '/api/v1/jobs', {
        body: { name: 'web', type: 'process', config: { command: 'sleep', args: [String(round)] } },
      })
      const last = await given.write(nodeSubject('edge-1'), [{ type: 'NodeLabelled', labels: {} } as { type: string }])
      const wanted = query.startsWith('namespace') ? last - 1 : last
      await expect.poll(() => seen.includes(wanted), { timeout: 20_000 }).toBe(true)
    }
    stop.abort()
    await reading
  },
)
