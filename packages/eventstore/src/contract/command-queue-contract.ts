/** The contract of the command queue. */
import { describe, expect, it } from 'vitest'
import type { QueuedCommand } from '../bus.ts'
import { asText, DEADLINE_MS, eventually, runOn, text, type CommandQueueHarness } from './harness.ts'

const label = ({ subject, data }: QueuedCommand): string => `${subject} ${asText(data)}`

export const describeCommandQueueContract = (name: string, make: () => Promise<CommandQueueHarness>): void => {
  describe(`command queue contract: ${name}`, { timeout: DEADLINE_MS * 2 }, () => {
    it('runs commands of one job in the order of the stream, one at a time', () =>
      runOn(make, async ({ queue, publish }) => {
        for (let n = 0; n < 10; n++) await publish(`cmd.job.t.${n % 2 ? 'a' : 'b'}.apply`, text(String(n)))
        const done: string[] = []
        const seqs: number[] = []
        const busy = new Set<string>()
        const consumer = queue.consume(async (command) => {
          expect(busy.has(command.subject)).toBe(false)
          busy.add(command.subject)
          await new Promise((resolve) => setTimeout(resolve, 2))
          busy.delete(command.subject)
          done.push(label(command))
          seqs.push(command.seq)
          await command.done()
        })
        await eventually(() => expect(done.length).toBe(10))
        for (const job of ['a', 'b']) {
          const ofJob = done.filter((entry) => entry.startsWith(`cmd.job.t.${job}.`))
          expect(ofJob).toEqual(ofJob.toSorted())
        }
        expect(new Set(seqs).size).toBe(10)
        consumer.stop()
      }))
    it('delivers a command again until it is done, before any later one of its job', () =>
      runOn(make, async ({ queue, publish }) => {
        await publish('cmd.job.t.a.apply', text('first'), { 'Nats-Msg-Id': 'id-1' })
        await publish('cmd.job.t.a.stop', text('second'))
        const heard: string[] = []
        const ids: (string | undefined)[] = []
        let failures = 2
        const consumer = queue.consume(async (command) => {
          heard.push(asText(command.data))
          if (failures-- > 0) throw new Error('try again')
          expect(command.created).not.toBe('')
          ids.push(command.msgId)
          await command.done()
        })
        await eventually(() => expect(heard).toEqual(['first', 'first', 'first', 'second']))
        expect(ids).toEqual(['id-1', undefined])
        consumer.stop()
      }))
    it('keeps the reason of a refused command under the id that its sender was told, and goes on with the next', () =>
      runOn(make, async ({ queue, publish }) => {
        await publish('cmd.job.t.a.apply', text('bad'), { 'Nats-Msg-Id': 'id-bad' })
        await publish('cmd.job.t.a.apply', text('good'))
        const done: string[] = []
        const consumer = queue.consume(async (command) => {
          if (asText(command.data) === 'bad') return command.refused('id-told', text('{"code":"invalid_spec"}'))
          done.push(asText(command.data))
          return command.done()
        })
        await eventually(() => expect(done).toEqual(['good']))
        await eventually(async () =>
          expect(asText((await queue.refusal('id-told')) ?? new Uint8Array())).toBe('{"code":"invalid_spec"}'),
        )
        expect(await queue.refusal('id-unknown')).toBeUndefined()
        consumer.stop()
      }))
    it('what was done does not come again to the next consumer; what was not, does', () =>
      runOn(make, async ({ queue, publish }) => {
        await publish('cmd.job.t.a.apply', text('one'))
        const first: string[] = []
        const consumer = queue.consume(async (command) => {
          await command.done()
          first.push(asText(command.data))
        })
        await eventually(() => expect(first).toEqual(['one']))
        consumer.stop()
        await publish('cmd.job.t.a.apply', text('two'))
        const second: string[] = []
        const next = queue.consume(async (command) => {
          second.push(asText(command.data))
          await command.done()
        })
        await eventually(() => expect(second).toEqual(['two']))
        next.stop()
      }))
  })
}
