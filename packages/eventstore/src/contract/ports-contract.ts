/** The contracts of the small ports: key-value, bus, object store. */
import { describe, expect, it } from 'vitest'
import type { BusMessage } from '../bus.ts'
import {
  asText,
  DEADLINE_MS,
  eventually,
  runOn,
  text,
  type BusHarness,
  type KeyValueHarness,
  type ObjectStoreHarness,
} from './harness.ts'

/** Runs one case on a harness of its own. */
const on =
  <H extends { readonly stop: () => Promise<void> }>(make: () => Promise<H>, run: (harness: H) => Promise<void>) =>
  (): Promise<void> =>
    runOn(make, run)
const LIMITS = { timeout: DEADLINE_MS * 2 }

export const describeKeyValueContract = (name: string, make: () => Promise<KeyValueHarness>): void => {
  describe(`key-value contract: ${name}`, LIMITS, () => {
    it(
      'creates a key once, and replaces it only from the revision that stands',
      on(make, async ({ kv, other }) => {
        expect(await kv.get('a')).toBeUndefined()
        const first = await kv.put('a', text('1'), 0)
        expect(first).toBeGreaterThan(0)
        expect(await other.put('a', text('2'), 0)).toBeUndefined()
        const second = await other.put('a', text('2'), first ?? 0)
        expect(second).toBeGreaterThan(first ?? 0)
        expect(await kv.put('a', text('3'), first ?? 0)).toBeUndefined()
        const entry = await kv.get('a')
        expect([entry?.key, entry?.revision, asText(entry?.value ?? new Uint8Array())]).toEqual(['a', second, '2'])
      }),
    )
    it(
      'of n creators exactly one is first',
      on(make, async ({ kv, other }) => {
        const all = Array.from({ length: 10 }, (_, n) => (n % 2 === 0 ? kv : other).put('a', text(String(n)), 0))
        expect((await Promise.all(all)).filter((revision) => revision !== undefined)).toHaveLength(1)
      }),
    )
    it(
      'deletes only from the revision that stands; the key can then be created again',
      on(make, async ({ kv, other }) => {
        const first = (await kv.put('a', text('1'), 0)) ?? 0
        const second = (await kv.put('a', text('2'), first)) ?? 0
        expect(await other.delete('a', first)).toBe(false)
        expect(await other.delete('a', second)).toBe(true)
        expect(await kv.get('a')).toBeUndefined()
        expect(await kv.put('a', text('3'), 0)).toBeGreaterThan(second)
      }),
    )
    it(
      'lists keys by prefix, with any characters',
      on(make, async ({ kv, other }) => {
        for (const key of ['node-1', 'node-2', 'job.a/b c', 'ü']) await kv.put(key, text('x'), 0)
        expect((await other.keys('node-')).toSorted()).toEqual(['node-1', 'node-2'])
        expect((await other.keys()).toSorted()).toEqual(['job.a/b c', 'node-1', 'node-2', 'ü'].toSorted())
        expect(asText((await other.get('job.a/b c'))?.value ?? new Uint8Array())).toBe('x')
      }),
    )
  })
}

export const describeBusContract = (name: string, make: () => Promise<BusHarness>): void => {
  describe(`bus contract: ${name}`, LIMITS, () => {
    it(
      'delivers to everyone who listens, by name and by wildcard, and to nobody else',
      on(make, async ({ bus, other }) => {
        const heard: string[] = []
        const listen = (pattern: string) =>
          other.subscribe(pattern, ({ subject, data }) => heard.push(`${pattern} ${subject} ${asText(data)}`))
        for (const pattern of ['hb.1.a', 'hb.*.a', 'hb.>', 'hb.2.>']) listen(pattern)
        await other.flush()
        bus.publish('hb.1.a', text('x'))
        await eventually(() => expect(heard.length).toBe(3))
        expect(heard.toSorted()).toEqual(['hb.*.a hb.1.a x', 'hb.1.a hb.1.a x', 'hb.> hb.1.a x'])
      }),
    )
    it(
      'gives each message of a queue to one member, and none after it stopped listening',
      on(make, async ({ bus, other }) => {
        const heard: string[] = []
        const stop = other.subscribe('outcome.*', () => heard.push('gone'))
        stop.stop()
        for (const member of ['one', 'two']) other.subscribe('outcome.*', () => heard.push(member), { queue: 'q' })
        await other.flush()
        for (let n = 0; n < 20; n++) bus.publish(`outcome.${n}`, text(''))
        await bus.flush()
        await eventually(() => expect(heard.length).toBe(20))
        expect(heard).not.toContain('gone')
      }),
    )
    it(
      'carries headers, and answers of requests',
      on(make, async ({ bus, other }) => {
        const messages: BusMessage[] = []
        other.subscribe('rpc.n1.boot', (message) => {
          messages.push(message)
          message.respond(text(`answer to ${asText(message.data)}`))
        })
        await other.flush()
        expect(asText((await bus.request('rpc.n1.boot', text('q'), DEADLINE_MS)).data)).toBe('answer to q')
        bus.publish('rpc.n1.boot', text(''), { 'Dunlin-Test': 'yes' })
        await eventually(() => expect(messages.at(-1)?.headers['Dunlin-Test']).toBe('yes'))
        expect(messages.at(-1)?.respond(text('nobody waits'))).toBe(false)
      }),
    )
    it(
      'says no_answer when nobody listens, and when nobody answers',
      on(make, async ({ bus, other }) => {
        await expect(bus.request('rpc.none.boot', text(''), DEADLINE_MS)).rejects.toMatchObject({ code: 'no_answer' })
        other.subscribe('rpc.deaf.boot', () => {})
        await other.flush()
        await expect(bus.request('rpc.deaf.boot', text(''), 50)).rejects.toMatchObject({ code: 'no_answer' })
      }),
    )
    conversations(make)
  })
}

const never = (): void => expect.fail('somebody listens')

/** The part of the bus contract that is about one question with many answers. */
const conversations = (make: () => Promise<BusHarness>): void => {
  it(
    'hears many answers to one question in their order, and what is said later gets its answers there too',
    on(make, async ({ bus, other }) => {
      other.subscribe('rpc.n2.count', (message) => {
        for (let n = 1; n <= Number(asText(message.data)); n++) message.respond(text(String(n)))
      })
      other.subscribe('rpc.n2.more', (message) => void message.respond(text(`more ${asText(message.data)}`)))
      await other.flush()
      const heard: string[] = []
      const onMessage = ({ data }: BusMessage): void => void heard.push(asText(data))
      const talk = bus.requestMany('rpc.n2.count', text('500'), { onMessage, onNobody: never })
      await eventually(() => expect(heard).toHaveLength(500))
      expect(heard).toEqual(Array.from({ length: 500 }, (_, n) => String(n + 1)))
      talk.say('rpc.n2.more', text('please'))
      await eventually(() => expect(heard.at(-1)).toBe('more please'))
      talk.stop()
    }),
  )
  it(
    'keeps the answers of two questions apart, and hears none after it stopped',
    on(make, async ({ bus, other }) => {
      const asked: BusMessage[] = []
      other.subscribe('rpc.n3.talk', (message) => void asked.push(message))
      await other.flush()
      const heard = { first: '', second: '' }
      const hear = (who: keyof typeof heard) => ({
        onMessage: ({ data }: BusMessage) => void (heard[who] += asText(data)),
        onNobody: never,
      })
      const first = bus.requestMany('rpc.n3.talk', text('first'), hear('first'))
      const second = bus.requestMany('rpc.n3.talk', text('second'), hear('second'))
      await eventually(() => expect(asked).toHaveLength(2))
      const answer = (): void => {
        for (const message of asked) message.respond(message.data)
      }
      answer()
      await eventually(() => expect(heard).toEqual({ first: 'first', second: 'second' }))
      first.stop()
      answer()
      await eventually(() => expect(heard.second).toBe('secondsecond'))
      expect(heard.first).toBe('first')
      second.stop()
    }),
  )
  it(
    'says no_answer when nobody listens, at first or later',
    on(make, async ({ bus, other }) => {
      const errors: string[] = []
      const handlers = { onMessage: () => {}, onNobody: ({ code }: { code: string }) => void errors.push(code) }
      const alone = bus.requestMany('rpc.none.logs', text(''), handlers)
      await eventually(() => expect(errors).toEqual(['no_answer']))
      alone.stop()
      const listens = other.subscribe('rpc.n4.logs', () => {})
      await other.flush()
      const talk = bus.requestMany('rpc.n4.logs', text(''), handlers)
      await bus.flush()
      listens.stop()
      await other.flush()
      expect(errors).toHaveLength(1)
      talk.say('rpc.n4.logs', text('more'))
      await eventually(() => expect(errors).toEqual(['no_answer', 'no_answer']))
      talk.stop()
    }),
  )
}

export const describeObjectStoreContract = (name: string, make: () => Promise<ObjectStoreHarness>): void => {
  describe(`object store contract: ${name}`, LIMITS, () => {
    it(
      'keeps large values by name, replaces, lists and deletes them',
      on(make, async ({ objects, other }) => {
        const large = new Uint8Array(3 * 1024 * 1024).map((_, index) => index % 251)
        expect(await objects.get('a/1')).toBeUndefined()
        await objects.put('a/1', large)
        await objects.put('a/2', text('small'))
        await objects.put('b/1', new Uint8Array())
        const got = (await other.get('a/1')) ?? new Uint8Array()
        expect(Buffer.compare(got, large)).toBe(0)
        expect((await other.get('b/1'))?.byteLength).toBe(0)
        expect((await other.list('a/')).toSorted((x, y) => (x.name < y.name ? -1 : 1))).toEqual([
          { name: 'a/1', sizeBytes: large.byteLength },
          { name: 'a/2', sizeBytes: 5 },
        ])
        await objects.put('a/2', text('other'))
        expect(asText((await other.get('a/2')) ?? new Uint8Array())).toBe('other')
        await objects.delete('a/1')
        await objects.delete('a/1')
        expect(await other.get('a/1')).toBeUndefined()
        expect((await other.list()).map((object) => object.name).toSorted()).toEqual(['a/2', 'b/1'])
      }),
    )
  })
}
