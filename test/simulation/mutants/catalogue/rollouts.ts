/** Versions that follow each other, canaries, waves and holds. */
import type { Mutant } from '../mutant.ts'

const EVOLVE = 'packages/domain/src/rollout/evolve.ts'
const ADVANCE = 'packages/domain/src/rollout/advance.ts'
const OPEN = 'packages/domain/src/rollout/open.ts'

export const rollouts: readonly Mutant[] = [
  {
    name: 'evidence of the rollout before counts on',
    tracker: 'Nomad #28538',
    file: EVOLVE,
    find: '    evidence: { ...noEvidence, excluded: 0, before: 0 },',
    replace: '    evidence: before?.evidence ?? { ...noEvidence, excluded: 0, before: 0 },',
  },
  {
    name: 'a new version waits until the rollout before has ended',
    tracker: 'Greengrass #807',
    file: OPEN,
    find: 'job.placement.last?.version === job.versions.version && wantsAnother(job)',
    replace:
      "job.placement.last?.version === job.versions.version && wantsAnother(job) && job.rollouts.current?.phase !== 'running'",
  },
  {
    name: 'a rollout opens beside the one before',
    tracker: 'Nomad #10098',
    file: OPEN,
    find: 'const superseded: JobSubjectEvent[] = mayClose(current)',
    replace: 'const superseded: JobSubjectEvent[] = mayClose(current) && current.openedSeq < 0',
  },
  {
    name: 'nodes of an old version are no targets',
    tracker: 'Nomad GH-27605',
    file: 'packages/domain/src/rollout/plan/plan.ts',
    find: "type === 'restart' || !isRight(rollouts, node, content)",
    replace: "type === 'restart' || type === 'rollback' || !rollouts.grants.has(node)",
  },
  {
    name: 'a promotion is forgotten',
    tracker: 'Nomad GH-27497',
    file: EVOLVE,
    find: "if (event.hold === 'canary') rollout.promoted = true",
    replace: '',
  },
  {
    name: 'a canary needs nobody to promote it',
    tracker: 'hawkBit PR #2867',
    file: 'packages/domain/src/rollout/holding.ts',
    find: "return policy.autoPromote ? 'go' :",
    replace: "return policy.autoPromote || policy.canary.value > 0 ? 'go' :",
  },
  {
    name: 'a snapshot forgets what was revoked',
    tracker: 'Nomad GH-27262',
    file: 'packages/domain/src/job/codec.ts',
    find: 'revoked: new Map(revoked)',
    replace: 'revoked: new Map()',
  },
  {
    name: 'a hold stops no grants',
    tracker: 'S3',
    file: ADVANCE,
    find: '  if (isHeld(rollout)) return WAIT\n  if (rollout.wave < 0',
    replace: '  if (rollout.wave < 0',
  },
  {
    name: 'nothing is judged under a hold',
    tracker: 'Flagger #1801',
    file: ADVANCE,
    find: '  const { budget } = rollout\n  const waiting',
    replace: '  const { budget } = rollout\n  if (isHeld(rollout)) return WAIT\n  const waiting',
  },
  {
    name: 'a deadline runs on under a hold',
    tracker: 'Nomad GH-27804',
    file: 'services/rollout-engine/src/judge/patience.ts',
    find: 'known.set(job, (held = rollout !== undefined && isHeld(rollout)))',
    replace: 'known.set(job, (held = false))',
  },
  {
    name: 'a wave begins before the one before has passed',
    tracker: 'S4',
    file: ADVANCE,
    find: 'return unsettled ? expire(rollout, facts) : endWave(job, rollout, facts)',
    replace: 'return endWave(job, rollout, facts)',
  },
  {
    name: 'a rollout completes without a healthy node',
    tracker: 'Argo #4604',
    file: ADVANCE,
    find: 'rollout.counts.open === 0 && (rollout.counts.healthy > 0 || isEmpty())',
    replace: 'rollout.counts.open === 0',
  },
  {
    name: 'a rollback waits for canaries of its own',
    tracker: 'Argo #2168, #3304',
    file: OPEN,
    find: "strategy: policy.strategy === 'immediate' ? 'immediate' : 'rolling'",
    replace: 'strategy: policy.strategy',
  },
  {
    name: 'a rollback touches nodes that were never granted',
    tracker: 'B2',
    file: 'packages/domain/src/rollout/plan/plan.ts',
    find: "if (type === 'rollback' && !wasGranted(rollouts, node)) neverGranted += 1",
    replace: 'if (neverGranted < 0) neverGranted += 1',
  },
  {
    name: 'a stopped version goes on being granted',
    tracker: 'wadm #158',
    file: ADVANCE,
    find: 'if (rollout === undefined || wantsAnother(job)) return WAIT',
    replace: 'if (rollout === undefined) return WAIT',
  },
]
