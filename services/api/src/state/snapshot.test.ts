import { nodeSubject, jobSubject } from '@dunlin/nats'
import { expect, it } from 'vitest'
import { processSpec, startInProcess } from '../test-tools/in-process.ts'

it('an API that begins at a snapshot shows what one that read the whole log shows', async () => {
  const first = await startInProcess({ snapshotEvery: 1, lookForSnapshotMs: 10 })
  const { store } = first
  for (const name of ['a', 'b', 'c'])
    await first.send('PUT', '/api/v1/jobs', {
      body: processSpec(name, { labels: { odd: name === 'b' ? '0' : '1' } }),
      headers: { 'idempotency-key': `key-${name}` },
    })
  await first.write(nodeSubject('n1'), [{ type: 'NodeAdmitted', node: 'n1', policy: 'test' } as never])
  const key = { namespace: 'default', name: 'a' }
  await first.write(jobSubject(key), [
    { type: 'PlacementChanged', evaluation: '01J0000000000000000000000E', part: 0, add: ['n1'], remove: [] } as never,
  ])
  const end = (await store.log.info()).lastSeq
  const newest = async (): Promise<number> =>
    Math.max(0, ...(await store.snapshots.list('api/')).map(({ name }) => Number(name.slice(4))))
  await expect.poll(newest, { timeout: 10_000 }).toBeGreaterThanOrEqual(end)

  const views = async (api: typeof first): Promise<unknown[]> => {
    const urls = [
      '/api/v1/jobs?label=odd=1',
      '/api/v1/jobs/default/a',
      '/api/v1/nodes',
      '/api/v1/executions',
      '/api/v1/commands/key-b',
    ]
    return Promise.all(urls.map(async (url) => (await api.send('GET', url)).json()))
  }
  const before = await views(first)
  await first.stop()
  // Who read from the beginning would meet this and quarantine the job.
  store.faults.log.corrupt(1, new TextEncoder().encode('not a commit any more'))
  const second = await startInProcess({ store })
  expect(await views(second)).toEqual(before)
  await second.stop()
})
