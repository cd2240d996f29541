/** The laws of rest: what holds when nothing more follows, and when everything is well again. */
import { canonicalJson, type JobSubjectEvent, type NodeId } from '@dunlin/contracts'
import { jobFromJson, jobToJson } from '../../job/codec.ts'
import { foldJobCommit } from '../../job/evolve.ts'
import { isPresent, noJob, type Job } from '../../job/state.ts'
import { wantsAnother } from '../open.ts'
import { reasonToHalt } from './evidence.ts'
import { law } from './laws.ts'
import { countSlots, presentRollout, standing, type Ledger } from './ledger.ts'
import { hashOf, type World } from './world.ts'

/** What runs at rest, whatever stands in the way of going on. */
export const atRest = (world: World, ledger: Ledger): void => {
  const rollout = presentRollout(ledger)
  if (rollout === undefined || ledger.lifecycle !== 'active' || !isPresent(world.job) || wantsAnother(world.job)) return
  law('S10', rollout.phase !== 'running' || reasonToHalt(ledger, rollout) === undefined, () => {
    return `${reasonToHalt(ledger, rollout)} has not halted it, held by [${[...rollout.holds].join()}]`
  })
}

const plain = (job: Job): string => canonicalJson(JSON.parse(JSON.stringify(jobToJson(job))))

/** E5, E1: the snapshot is the state, and so is the whole log folded again. */
export const sameAfterwards = (world: World): void => {
  const copy = jobFromJson(JSON.parse(JSON.stringify(jobToJson(world.job))))
  law('E5', plain(copy) === plain(world.job), () => 'the snapshot is not the state')
  const again = noJob()
  for (const { seq, at, by, ev } of world.log) foldJobCommit(again, { s: 1, v: seq, cmd: `~${seq}`, by, at, ev }, seq)
  law('E1', plain(again) === plain(world.job), () => 'the log folded again is another state')
}

/** Everything is well, and persons let everything go on: what must end ends, with everybody on what is wanted. */
export const comeToRest = (world: World, ledger: Ledger, nodes: Iterable<NodeId>): void => {
  for (const at of nodes) world.connected.add(at)
  world.sick.clear()
  Object.assign(world.switches, { logFull: false, sight: 'clear', schedulerDown: false })
  world.place()
  for (let turn = 0; turn < 60; turn += 1) {
    const before = world.log.length
    world.advance()
    const { holds } = presentRollout(ledger) ?? { holds: new Set() }
    if (holds.has('user')) world.command('resume')
    if (holds.has('canary')) world.command('promote')
    world.settle(() => 'healthy')
    if (world.log.length === before) break
  }
  if (!isPresent(world.job) || ledger.lifecycle !== 'active') return
  const rollout = presentRollout(ledger)
  if (rollout === undefined) return law('L4', world.job.placement.last === undefined, () => 'no rollout was opened')
  law('L4', !rollout.voided, () => `what was stopped runs again under its old rollout, which is ${rollout.phase}`)
  law('L4', rollout.content === world.job.versions.content, () => 'the wanted content has no rollout')
  if (rollout.phase === 'running') {
    // With nobody healthy, or nobody left in the canary wave, there is no proof to go on: it waits, but not for ever.
    const [canaries = 0] = rollout.waves
    const gone = rollout.targets?.slice(0, canaries).every((at) => !ledger.placed.has(at)) === true
    const noCanary = rollout.policy.strategy === 'canary' && rollout.wave === 0 && gone
    const nobody = countSlots(rollout, 'healthy') === 0 && countSlots(rollout, 'failed', 'lost') > 0
    law('L4', noCanary || nobody, () => 'it goes on for ever')
    world.tick(2_000_000)
    world.advance()
  }
  law('L1', ['completed', 'halted', 'expired'].includes(rollout.phase), () => `it ends as ${rollout.phase}`)
  if (rollout.phase !== 'completed') return
  for (const at of ledger.placed) {
    if (['failed', 'lost'].includes(rollout.slots.get(at) ?? '')) continue
    const grant = standing(ledger.trails.get(at))
    law('B1', grant?.content === rollout.content && grant.is === 'healthy', () => {
      return `${at} (${rollout.slots.get(at)}) was last granted ${grant?.content[0]}, which is ${grant?.is}`
    })
    const runs = world.activated.get(at)?.content
    law('B1', runs === rollout.content, () => `${at} (${rollout.slots.get(at)}) runs ${runs?.[0]}`)
  }
}

/** P4: what comes late of a rollout that is over changes nothing. */
export const afterwardsNothing = ({ job }: World): void => {
  const over = job.rollouts.past.at(-1)
  if (over === undefined || !isPresent(job)) return
  const copy = jobFromJson(JSON.parse(JSON.stringify(jobToJson(job))))
  const before = JSON.stringify(jobToJson(copy))
  const counts = { targets: 0, granted: 0, healthy: 0, failed: 0, deferred: 0 }
  const ev: readonly JobSubjectEvent[] = [
    { type: 'RolloutHalted', rollout: over.id, reason: 'analysis', message: '', counts },
    { type: 'HoldPlaced', rollout: over.id, hold: 'user', reason: 'requested', message: '' },
    {
      type: 'NodesGranted',
      rollout: over.id,
      wave: 0,
      version: 1,
      content: hashOf('z'),
      epoch: 0,
      grants: [],
    } as const,
    { type: 'RolloutClosed', rollout: over.id, outcome: 'completed', counts },
  ]
  foldJobCommit(copy, { s: 1, v: 1, cmd: '~late', by: 'service:rollout-engine', at: 1, ev }, 1)
  law('P4', JSON.stringify(jobToJson(copy)) === before, () => `${over.id} is ${over.phase} and was changed`)
}
