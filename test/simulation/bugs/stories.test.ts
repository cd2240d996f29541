/** The bugs of other trackers as stories (reference section 4); README.md lists the rows that do not apply. */
import { expect, it } from 'vitest'
import { stories } from './all.ts'

for (const { tracker, expects, run } of stories)
  it(`${tracker}: ${expects}`, { timeout: 60_000 }, async () => {
    await expect(run()).resolves.toBeUndefined()
  })
