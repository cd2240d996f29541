/** What people do to rollouts: promote, pause, resume, revive, halt, roll back, run again, stop, delete. */
import { keyOf, loop, untilRollout, type Rollout, type Scene } from './scene.ts'

const NAME = 'sleeper'
const key = keyOf(NAME)
const health_check = { interval: '200ms', success_threshold: 2, failure_threshold: 2, deadline: '30s' }

export const playCommands: Scene = async ({ client }) => {
  const until = (what: string, version: number, holds: (rollout: Rollout) => boolean) =>
    untilRollout(client, NAME, version, what, holds)
  const phase = (version: number, wanted: string) => until(wanted, version, (now) => now.phase === wanted)
  const apply = (script: string, rollout: object = {}) =>
    client.jobs.apply({
      spec: {
        name: NAME,
        type: 'process',
        config: { command: '/bin/sh', args: ['-c', script] },
        rollout: { strategy: 'rolling', max_parallel: 25, health_check, ...rollout },
      },
    })

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
