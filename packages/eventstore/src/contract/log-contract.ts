/** The contract of the log port, for every implementation. */
import { afterEach, beforeEach, describe } from 'vitest'
import { DEADLINE_MS, type LogHarness } from './harness.ts'
import { describeAppend } from './log-append.ts'
import { describeFaults, type FaultOptions } from './log-faults.ts'
import { describeHistory } from './log-history.ts'
import { describeRead } from './log-read.ts'

/** @param makeLog an empty log for each case */
export const describeLogContract = (
  name: string,
  makeLog: () => Promise<LogHarness>,
  options: FaultOptions = {},
): void => {
  describe(`log contract: ${name}`, { timeout: DEADLINE_MS * 2 }, () => {
    let current: LogHarness | undefined
    beforeEach(async () => {
      current = await makeLog()
    }, DEADLINE_MS)
    afterEach(async () => {
      await current?.stop()
      current = undefined
    }, DEADLINE_MS)
    const harness = (): LogHarness => {
      if (current === undefined) throw new Error('no log: the case has not begun')
      return current
    }
    describeAppend(harness)
    describeRead(harness)
    describeHistory(harness)
    describeFaults(harness, options)
  })
}
