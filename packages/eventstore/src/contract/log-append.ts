/** Laws of appending: compare-and-set, message ids, limits. */
import { describe, expect, it } from 'vitest'
import type { AppendResult, Log } from '../log.ts'
import { text, type LogHarness } from './harness.ts'
import { tallySubject } from './tally.ts'

const body = (n: number): Uint8Array => text(JSON.stringify({ n }))
/** Each has an id of its own: a duplicate is the winner, who did not hear the answer in time and asked again. */
const wins = (results: readonly AppendResult[]): number => results.filter((r) => r.ok).length

/** Appends one message and gives its sequence. */
export const put = async (log: Log, key: string, expected: number, msgId?: string): Promise<number> => {
  const request = { subject: tallySubject(key), data: body(expected), expected }
  const result = await log.append(msgId === undefined ? request : { ...request, msgId })
  if (!result.ok) throw new Error(`conflict: ${key} is at ${result.actual}, not at ${expected}`)
  return result.seq
}

export const describeAppend = (harness: () => LogHarness): void => {
  describe('append', () => {
    it('gives rising sequences over all subjects, and compares with the last one of the same subject', async () => {
      const { log } = harness()
      const a1 = await put(log, 'a', 0)
      const b1 = await put(log, 'b', 0)
      const a2 = await put(log, 'a', a1)
      expect([b1 - a1, a2 - b1]).toEqual([1, 1])
      const subject = tallySubject('a')
      expect(await log.append({ subject, data: body(0), expected: a1 })).toMatchObject({ ok: false, conflict: true })
      expect(await log.append({ subject, data: body(0), expected: 0 })).toMatchObject({ ok: false, conflict: true })
      expect((await log.info()).lastSeq).toBe(a2)
    })
    it('of n writers that saw the same version exactly one wins', async () => {
      const { log, other } = harness()
      for (let round = 0; round < 10; round++) {
        const results = await Promise.all(
          Array.from({ length: 8 }, (_, writer) =>
            (writer % 2 === 0 ? log : other).append({
              subject: tallySubject(`round${round}`),
              data: body(writer),
              expected: 0,
              msgId: `r${round}w${writer}`,
            }),
          ),
        )
        expect(wins(results)).toBe(1)
      }
      expect((await log.info()).messages).toBe(10)
    })
    it('a repeated message id is a duplicate that names the first message, and stores nothing', async () => {
      const { log, other } = harness()
      const first = await put(log, 'a', 0, 'id1')
      await put(log, 'a', first, 'id2')
      const subject = tallySubject('a')
      // Checked before the compare-and-set: neither the right nor a wrong expectation changes the answer.
      for (const expected of [0, first, first + 1])
        expect(await other.append({ subject, data: body(9), expected, msgId: 'id1' })).toEqual({
          ok: true,
          seq: first,
          duplicate: true,
        })
      expect((await log.info()).messages).toBe(2)
    })
    it('one message id on two subjects is a duplicate: ids must hold the subject', async () => {
      const { log } = harness()
      const first = await put(log, 'a', 0, 'same')
      const second = await log.append({ subject: tallySubject('b'), data: body(1), expected: 0, msgId: 'same' })
      expect(second).toEqual({ ok: true, seq: first, duplicate: true })
      expect(await log.last(tallySubject('b'))).toBeUndefined()
    })
    it('a window of appends keeps the order of each subject and loses none', async () => {
      const { log } = harness()
      const chain = async (key: string): Promise<number[]> => {
        const seqs: number[] = []
        for (let n = 0; n < 25; n++) seqs.push(await put(log, key, seqs.at(-1) ?? 0, `${key}/${n}`))
        return seqs
      }
      const chains = await Promise.all(Array.from({ length: 40 }, (_, index) => chain(`w${index}`)))
      for (const seqs of chains) expect(seqs).toEqual(seqs.toSorted((x, y) => x - y))
      expect(new Set(chains.flat()).size).toBe(1000)
      expect((await log.info()).messages).toBe(1000)
    })
    it('a body above 1 MiB is refused for good, and the log goes on', async () => {
      const { log } = harness()
      const large = { subject: tallySubject('a'), data: new Uint8Array(1024 * 1024 + 1).fill(0x20), expected: 0 }
      await expect(log.append(large)).rejects.toMatchObject({ code: 'commit_too_large', retryable: false })
      const fits = { ...large, data: new Uint8Array(1024 * 1024 - 4096).fill(0x20) }
      expect(await log.append(fits)).toMatchObject({ ok: true, duplicate: false })
    })
  })
}
