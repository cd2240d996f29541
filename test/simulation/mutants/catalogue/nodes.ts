/** Nodes that are away, budgets, and who is counted. */
import type { Mutant } from '../mutant.ts'

const GRANTS = 'packages/domain/src/rollout/grants.ts'
const EVOLVE = 'packages/domain/src/rollout/evolve.ts'
const ADVANCE = 'packages/domain/src/rollout/advance.ts'

export const nodes: readonly Mutant[] = [
  {
    name: 'offline nodes are granted',
    tracker: 'k8s #117204',
    file: GRANTS,
    find: 'if (!isReachable(facts, node)) {',
    replace: 'if (false as boolean) {',
  },
  {
    name: 'a silent node is never lost',
    tracker: 'k8s #117658, hawkBit #693',
    file: 'services/rollout-engine/src/judge/silence.ts',
    find: 'return nowMono - item.silentSinceMono >= LOST_AFTER_WINDOWS * item.policy.intervalMs',
    replace: 'return false',
  },
  {
    name: 'deferred nodes take places of the budget',
    tracker: 'k8s test-infra PR #31706',
    file: EVOLVE,
    find: "        if (reason === 'revoked' && !takeBack(rollouts, node)) rollouts.atRisk.delete(node)\n",
    replace: '        rollouts.atRisk.add(node)\n',
  },
  {
    name: 'every rollout has a budget of its own',
    tracker: 'k8s #123232',
    file: EVOLVE,
    find: '  const before = rollouts.current\n  if (before !== undefined) {\n',
    replace: '  rollouts.atRisk.clear()\n  const before = rollouts.current\n  if (before !== undefined) {\n',
  },
  {
    name: 'a place is taken when a node is seen, not when it is granted',
    tracker: 'Nomad GH-27284',
    file: 'packages/domain/src/rollout/fold-grants.ts',
    find: '    rollouts.atRisk.add(node)\n    rollouts.revoked.delete(node)\n',
    replace: '    rollouts.revoked.delete(node)\n',
  },
  {
    name: 'a rollback ignores the budget',
    tracker: 'Nomad #3836',
    file: GRANTS,
    find: 'let places = budget - atRisk.size',
    replace: "let places = rollout.type === 'rollback' ? Infinity : budget - atRisk.size",
  },
  {
    name: 'canaries and waves have no common budget',
    tracker: 'GitLab delivery #951',
    file: GRANTS,
    find: 'let places = budget - atRisk.size',
    replace: 'let places = budget',
  },
  {
    name: 'the order is not spread over sites',
    tracker: 'GitLab delivery #951',
    file: 'packages/domain/src/rollout/plan/plan.ts',
    find: "(node) => facts.labelOf(node, spreadBy) ?? '')",
    replace: "() => '')",
  },
  {
    name: 'joiners are granted all at once',
    tracker: 'hawkBit #1548',
    file: ADVANCE,
    find: 'const budget = Math.max(rollout.budget, waveSizeOf(rollout.policy, job.placement.nodes.size))',
    replace: 'const budget = job.placement.nodes.size',
  },
  {
    name: 'a removed node keeps its place at risk',
    tracker: 'hawkBit PR #328',
    file: EVOLVE,
    find: '    rollouts.grants.delete(node)\n    rollouts.atRisk.delete(node)\n    rollouts.revoked.delete(node)\n',
    replace: '    rollouts.grants.delete(node)\n    rollouts.revoked.delete(node)\n',
  },
  {
    name: 'a removed node stays in its slot',
    tracker: 'Nomad GH-25726, hawkBit PR #2449',
    file: EVOLVE,
    find: "if (rollouts.current?.slots.has(node)) place(rollouts.current, node, 'removed')",
    replace: '',
  },
  {
    name: 'percentages round down',
    tracker: 'Ansible #32255',
    file: 'packages/domain/src/rollout/plan/waves.ts',
    find: 'Math.ceil((targets * share.value) / 100)',
    replace: 'Math.floor((targets * share.value) / 100)',
  },
  {
    name: 'the first wave has no ramp',
    tracker: 'S6',
    file: 'packages/domain/src/rollout/plan/waves.ts',
    find: 'return rampSteps(budget).find((step) => settled < step) ?? Infinity',
    replace: 'return Infinity',
  },
  {
    name: 'the place of a revoked grant comes free at once',
    tracker: 'k8s #85878',
    file: 'services/rollout-engine/src/waves/stale-documents.ts',
    find: 'clock.monotonicMs() - sinceMono > FRESH_FOR_MS',
    replace: 'clock.monotonicMs() >= sinceMono',
  },
  {
    name: 'places come free by another revocation of the node',
    tracker: 'S1',
    file: 'services/rollout-engine/src/waves/stale-documents.ts',
    find: '`${node} ${revokedAt}`',
    replace: '`${node}`',
  },
]
