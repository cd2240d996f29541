import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { followFiles } from './follow.ts'

test('reading goes on although looking for files takes longer than the interval between looks', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'dunlin-follow-'))
  await writeFile(join(directory, 'a.log'), 'one\n')
  await writeFile(join(directory, 'b.log'), 'two\n')
  // Look at 0 until 500, then 10 ms for a file: the next look is due at 1,000.
  const instants = [0, 0, 500, 510]
  let asked = 0
  const input = followFiles(
    { patterns: [join(directory, '*.log')], maxLineBytes: 100, pollIntervalMs: 10, follow: true },
    { monotonicMs: () => instants[asked++] ?? 510, log: () => undefined },
  )
  const { signal } = new AbortController()
  expect((await input.next(signal))?.items).toHaveLength(1)
  expect((await input.next(signal))?.items).toHaveLength(1)
  expect(asked).toBe(4)
  await input.close()
  await rm(directory, { recursive: true })
})
