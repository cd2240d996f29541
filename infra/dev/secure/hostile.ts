/** What somebody sends who has stolen the credential of a node: the tests of a secured fleet try it on a real server. */
import { COMMIT_SCHEMA, HEARTBEAT_SCHEMA, nodeActor } from '@dunlin/contracts'
import { heartbeatSubject, reportSubject, type Link } from '@dunlin/nats'
import { randomBytes } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'

/** As a ULID looks. */
const id = (): string =>
  `0${Array.from(randomBytes(25), (byte) => '0123456789ABCDEFGHJKMNPQRSTVWXYZ'[byte % 32]).join('')}`

export interface Hostile {
  /** Any bytes as a report. */
  say(text: string): void
  /** Announces itself, as a boot after all others. */
  announce(more?: object): void
  /** Invents so many executions, each in a report of its own. */
  invent(count: number): Promise<void>
  beat(more?: object): void
  /** Resolves when the log has taken, or refused, everything that was said before. */
  settled(): Promise<void>
}

export const createHostile = ({ nc }: Link, node: string): Hostile => {
  const [boot, journal] = [`7${id().slice(1)}`, id()]
  const subject = reportSubject(node)
  let v = 0
  let n = 0
  const say = (text: string): void => nc.publish(subject, text)
  const commit = (ev: readonly object[]): string =>
    JSON.stringify({ s: COMMIT_SCHEMA, v: (v += 1), cmd: `${boot}/${v}`, by: nodeActor(node), at: Date.now(), ev })
  const transition = () => ({
    execution: id(),
    job: { namespace: 'default', name: `invented-${n}` },
    generation: [0, 1],
    content: 'c'.repeat(64),
    state: 'running',
    attempt: 1,
    at: Date.now(),
  })
  const settled = async (): Promise<void> => {
    await nc.flush()
    await nc.request(`$JS.API.DIRECT.GET.EVENTS.${subject}`, '', { timeout: 30_000 })
  }
  return {
    say,
    announce: (more = {}) =>
      say(
        commit([
          {
            type: 'NodeAnnounced',
            boot,
            protocol: [1, 1],
            agentVersion: '0',
            labels: {},
            drivers: ['process'],
            resources: { cpus: 2, memoryBytes: 1_000_000_000 },
            journal,
            j: 0,
            executions: [],
            ...more,
          },
        ]),
      ),
    invent: async (count) => {
      for (let i = 0; i < count; i += 1) {
        say(commit([{ type: 'ExecutionReported', journal, j: (n += 1), ...transition() }]))
        if (i % 1_000 === 999) await settled()
      }
      await settled()
    },
    beat: (more = {}) =>
      nc.publish(
        heartbeatSubject(node),
        JSON.stringify({
          s: HEARTBEAT_SCHEMA,
          node,
          boot,
          n: (n += 1),
          at: Date.now(),
          gen: [0, 0],
          rep: 1,
          ex: [],
          ...more,
        }),
      ),
    settled,
  }
}

/** Resident memory of each service that this process has started, in MiB. */
export const serviceMemory = (): Readonly<Record<string, number>> => {
  const found: Record<string, number> = {}
  for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
    try {
      const status = readFileSync(`/proc/${pid}/status`, 'utf8')
      if (!status.includes(`PPid:\t${process.pid}\n`)) continue
      const name = /services\/([\w-]+)/.exec(readFileSync(`/proc/${pid}/cmdline`, 'utf8'))?.[1]
      const kib = /VmRSS:\s+(\d+)/.exec(status)?.[1]
      if (name !== undefined) found[name] = Math.max(found[name] ?? 0, Math.round(Number(kib) / 1024))
    } catch {
      // It has ended meanwhile.
    }
  }
  return found
}
