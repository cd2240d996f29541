/** Verdicts, halting and rolling back by itself. */
import type { Mutant } from '../mutant.ts'

const EVOLVE = 'packages/domain/src/rollout/evolve.ts'
const OPEN = 'packages/domain/src/rollout/open.ts'
const HALTING = 'packages/domain/src/rollout/health/halting.ts'
const JUDGE = 'packages/domain/src/rollout/health/judge.ts'

export const halting: readonly Mutant[] = [
  {
    name: 'any failure halts',
    tracker: 'Nomad #10881',
    file: HALTING,
    find: 'analysis === undefined || evidence.maxE < analysis.haltAt',
    replace: 'analysis === undefined || evidence.failed === 0',
  },
  {
    name: 'the test never halts',
    tracker: 'S3',
    file: HALTING,
    find: 'analysis === undefined || evidence.maxE < analysis.haltAt',
    replace: 'analysis === undefined || evidence.maxE >= 0',
  },
  {
    name: 'what comes later takes a FAIL back',
    tracker: 'S8',
    file: 'packages/domain/src/rollout/analysis/one-sample.ts',
    find: 'maxE: Math.max(evidence.maxE, e)',
    replace: 'maxE: e',
  },
  {
    name: 'a halted rollout goes on when nodes join',
    tracker: 'Argo #2929',
    file: 'packages/domain/src/rollout/advance.ts',
    find: '      return deferJoiners(job, rollout)',
    replace:
      '      return grantJoiners(job, { ...rollout, phase: "running", policy: { ...rollout.policy, strategy: "immediate" } }, facts)',
  },
  {
    name: 'automatic rollback cannot be switched off',
    tracker: 'Argo #2866',
    file: OPEN,
    find: 'policy.autoRollback && isNews(',
    replace: 'isNews(',
  },
  {
    name: 'a rollback is rolled back',
    tracker: 'B4',
    file: OPEN,
    find: 'policy.autoRollback && isNews(rollouts, type, content)',
    replace: "(type === 'rollback' || (policy.autoRollback && isNews(rollouts, type, content)))",
  },
  {
    name: 'a content that failed is still proven',
    tracker: 'Nomad #12940',
    file: EVOLVE,
    find: "if (event.reason !== 'requested')",
    replace: 'if (event.counts.targets < 0)',
  },
  {
    name: 'one good window is enough',
    tracker: 'Argo #4604',
    file: JUDGE,
    find: 'if (run.healthy >= policy.successThreshold)',
    replace: 'if (run.healthy >= 1)',
  },
  {
    name: 'one bad window is enough',
    tracker: 'suna PR #3403',
    file: JUDGE,
    find: 'if (run.unhealthy >= policy.failureThreshold)',
    replace: 'if (run.unhealthy >= 1)',
  },
  {
    name: 'no traffic is a failure',
    tracker: 'Flagger #1035',
    file: JUDGE,
    find: 'window.failed <= window.in * policy.maxErrorRate',
    replace: 'window.in > 0 && window.failed <= window.in * policy.maxErrorRate',
  },
  {
    name: 'a failed execution is a success',
    tracker: 'Argo #4602',
    file: 'services/rollout-engine/src/judge/judge.ts',
    find: "reach(item, { verdict: 'failed', reason: 'execution_failed' })",
    replace: "reach(item, { verdict: 'healthy', reason: 'execution_failed' })",
  },
  {
    name: 'a silent site condemns its nodes',
    tracker: 'Nomad #12940',
    file: 'services/rollout-engine/src/judge/patience.ts',
    find: "if (whole.has(site) && view.node(item.node)?.connection.is !== 'lost') waiting.add(site)",
    replace: 'if (whole.has(`no ${site}`)) waiting.add(site)',
  },
  {
    name: 'nodes that were broken before are evidence',
    tracker: 'Greengrass #646',
    file: 'packages/domain/src/rollout/fold-outcomes.ts',
    find: 'if (isFirst && held.wasUnhealthy !== true) count(',
    replace: 'if (isFirst) count(',
  },
  {
    name: 'a failure after healthy counts again',
    tracker: 'Argo #4900',
    file: 'packages/domain/src/rollout/verdicts.ts',
    find: "if (before !== undefined && (before === 'healthy' || verdict.verdict === 'failed')) return false",
    replace: '',
  },
  {
    name: 'nobody looks at deadlines',
    tracker: 'Nomad #11267',
    file: 'services/rollout-engine/src/engine.ts',
    find: '    judge.tick()\n',
    replace: '',
  },
  {
    name: 'a policy that can never pass is accepted',
    tracker: 'Argo #872, Flagger #1581',
    file: 'packages/contracts/src/job-spec/rollout.ts',
    find: 'if (durationMs(health.deadline) >= intervalMs * windows) continue',
    replace: 'if (windows > 0) continue',
  },
]
