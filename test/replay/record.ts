/**
 * Records what people do to rollouts as a history, on real processes and through the API:
 *
 *   node --conditions=dunlin-source test/replay/record.ts test/replay/histories/<release>/commands.jsonl
 *
 * For a new release, once; with `npm run demo -- --record FILE` for what Dunlin does by itself.
 */
import type { JobKey } from '@dunlin/contracts'
import { launchFleet, recordHistory, type Fleet } from '@dunlin/infra/dev'
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'

const key: JobKey = { namespace: 'default', name: 'sleeper' }
const health_check = { interval: '200ms', success_threshold: 2, failure_threshold: 2, deadline: '30s' }
const spec = (args: string, rollout: object = {}) => ({
  name: key.name,
  type: 'process',
  config: { command: '/bin/sh', args: ['-c', args] },
  rollout: { strategy: 'rolling', max_parallel: 25, health_check, ...rollout },
})
const loop = (seconds: number): string => `while :; do sleep ${seconds}; done`

const main = async (file: string): Promise<void> => {
  const dataDir = mkdtempSync(join(tmpdir(), 'dunlin-record-'))
  mkdirSync(join(dataDir, 'logs'))
  const nowhere = { apiPort: 0, natsPort: undefined, acceptRunningServer: false }
  const launch = launchFleet({ ...nowhere, nodes: 4, dataDir, actor: 'ana' })
  try {
    const fleet = await launch.ready
    await playCommands(fleet)
    process.stdout.write(`${await recordHistory(fleet.nats, file)} commits in ${file}\n`)
  } finally {
    await launch.stop()
    rmSync(dataDir, { recursive: true, force: true })
  }
}

const playCommands = async ({ client }: Fleet): Promise<void> => {
  const rollout = async () => (await client.jobs.get(key)).status.rollout
  type Now = Awaited<ReturnType<typeof rollout>>
  const until = async (what: string, version: number, holds: (now: NonNullable<Now>) => boolean): Promise<void> => {
    const deadline = performance.now() + 30_000
    let now: Now
    while (now === undefined || now.version !== version || !holds(now)) {
      if (performance.now() > deadline) throw new Error(`not ${what}: ${JSON.stringify(now)}`)
      await delay(50)
      now = await rollout()
    }
  }
  const phase = (version: number, wanted: string) => until(wanted, version, (now) => now.phase === wanted)
  const apply = (args: string, more?: object) => client.jobs.apply({ spec: spec(args, more) })

  // Version 1: a canary that somebody promotes.
  await apply(loop(1), { strategy: 'canary', canary_count: 1 })
  await until('held', 1, ({ holds }) => holds?.some(({ hold }) => hold === 'canary') === true)
  await client.rollouts.promote(key, { reason: 'looks good' })
  await phase(1, 'completed')
  // Version 2: paused and resumed.
  await apply(loop(2))
  await until('granted', 2, ({ counts }) => counts.open > 0)
  await client.rollouts.pause(key, { reason: 'the on-call changes' })
  await until('settled under its hold', 2, ({ counts }) => counts.open === 0)
  await client.rollouts.resume(key)
  await phase(2, 'completed')
  // Version 3: broken; revived by a person who is wrong, halted again, and then rolled back by that person.
  await apply('exit 3', { no_auto_rollback: true, max_parallel: 50 })
  await phase(3, 'halted')
  await client.rollouts.resume(key, { reason: 'both had full disks' })
  await until('halted again', 3, ({ phase: now, counts }) => now === 'halted' && counts.failed === 4)
  await client.jobs.rollback(key, { reason: 'they had not' })
  await phase(4, 'completed')
  // Version 5: the same content once more.
  await client.jobs.rerun(key, { reason: 'take up the new certificates' })
  await phase(5, 'completed')
  // Version 6: superseded in the middle by version 7, which a person halts and takes back to version 1.
  await apply(loop(6))
  await until('granted', 6, ({ counts }) => counts.open + counts.healthy > 0)
  await apply(loop(7))
  await until('granted', 7, ({ counts }) => counts.open + counts.healthy > 0)
  await client.rollouts.halt(key, { reason: 'customers complain' })
  await client.jobs.rollback(key, { version: 1, reason: 'that one was liked' })
  await phase(8, 'completed')
  await client.jobs.stop(key, { reason: 'enough' })
  await client.jobs.delete(key)
}

const [file] = process.argv.slice(2)
if (file === undefined) throw new Error('usage: record.ts FILE')
await main(file)
process.exit()
