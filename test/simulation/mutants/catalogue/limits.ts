/** What limits a job: its nodes' size, people who close them, time, and windows in which nothing was proven. */
import type { Mutant } from '../mutant.ts'

const DRAIN = 'packages/domain/src/node/drain.ts'
const ELIGIBILITY = 'packages/domain/src/placement/eligibility.ts'
const SCHEDULER_FLEET = 'services/scheduler/src/fleet/fleet.ts'

export const limits: readonly Mutant[] = [
  {
    name: 'a drain stops the higher priority first',
    tracker: 'N2',
    file: DRAIN,
    find: 'const lowest = Math.min(',
    replace: 'const lowest = Math.max(',
  },
  {
    name: 'a drain goes on before what it stopped has stopped',
    tracker: 'N2',
    file: DRAIN,
    find: 'const running = jobs.filter(({ runs }) => runs)',
    replace: 'const running = jobs.filter(({ runs, isPlaced }) => runs && isPlaced)',
  },
  {
    name: 'what has completed runs into its total timeout',
    tracker: 'T1',
    file: 'packages/domain/src/job/timeouts.ts',
    find: "if (state.type === 'completed' || state.type === 'failed') return undefined",
    replace: "if (state.type === 'failed') return undefined",
  },
  {
    name: 'time limits are not found in a snapshot',
    tracker: 'T1',
    file: SCHEDULER_FLEET,
    find: '        marks.status.add(key)\n        note(key, state)\n',
    replace: '        marks.status.add(key)\n',
  },
  {
    name: 'a later time limit hides an earlier one',
    tracker: 'T1',
    file: 'services/scheduler/src/timers/deadlines.ts',
    find: '      earliest = Math.min(earliest, instant)\n',
    replace: '      earliest = instant\n',
  },
  {
    name: 'a window in which a probe failed is healthy',
    tracker: 'Probes',
    file: 'packages/domain/src/rollout/health/judge.ts',
    find: 'window.disturbed === undefined && window.failed <=',
    replace: "(window.disturbed === undefined || window.disturbed === 'probe_failed') && window.failed <=",
  },
  {
    name: 'windows before the program runs are healthy',
    tracker: 'Probes',
    file: 'packages/domain/src/converge/windows.ts',
    find: "const next = sample.running || mark !== '' ?",
    replace: 'const next = n > 0 ?',
  },
  {
    name: 'a cordon moves away what runs',
    tracker: 'N1',
    file: ELIGIBILITY,
    find: "if (node.scheduling === 'cordoned' && !placed)",
    replace: "if (node.scheduling === 'cordoned')",
  },
  {
    name: 'who is uncordoned is not looked at again',
    tracker: 'N1',
    file: SCHEDULER_FLEET,
    find: "  'NodeCordoned',\n  'NodeUncordoned',\n",
    replace: "  'NodeCordoned',\n",
  },
  {
    name: 'nobody asks whether a node is large enough',
    tracker: 'Capacity',
    file: ELIGIBILITY,
    find: 'if (cpus > total.cpus)',
    replace: 'if (cpus > total.cpus && total.cpus === 0)',
  },
  {
    name: 'what fits exactly does not fit',
    tracker: 'Capacity',
    file: ELIGIBILITY,
    find: 'if (memory > total.memoryBytes)',
    replace: 'if (memory >= total.memoryBytes)',
  },
  {
    name: 'a node that reads nothing is waited for',
    tracker: 'L2',
    file: 'services/rollout-engine/src/judge/patience.ts',
    find: 'if (item.unreadMs >= UNREAD_MS) onUnread(item)',
    replace: 'if (item.unreadMs >= Infinity) onUnread(item)',
  },
  {
    name: 'an immediate rollout ends while somebody may recover',
    tracker: 'L1',
    file: 'packages/domain/src/rollout/hopeless.ts',
    find: "if (rollout.policy.strategy !== 'immediate' || nowMs > recoversUntil(job, rollout)) return true",
    replace: "if (rollout.policy.strategy !== 'immediate' || nowMs > rollout.openedAt) return true",
  },
  {
    name: 'an immediate rollout stands although nobody is healthy',
    tracker: 'L1',
    file: 'packages/domain/src/rollout/hopeless.ts',
    find: 'if (!nobodyIsLeft(rollout)) return false',
    replace: "if (!nobodyIsLeft(rollout) || rollout.policy.strategy === 'immediate') return false",
  },
  {
    name: 'an immediate rollout that ends stops what failed',
    tracker: 'L1',
    file: 'packages/domain/src/rollout/evolve.ts',
    find: "if (rollout.policy.strategy !== 'immediate' || event.reason !== 'none_healthy') stopFailed(rollouts, rollout)",
    replace: 'stopFailed(rollouts, rollout)',
  },
  {
    name: 'an ending is told as a recovery by windows',
    tracker: 'S9',
    file: 'services/rollout-engine/src/judge/judge.ts',
    find: "item.recovering && 'window' in judgement ? 'recovered'",
    replace: "item.recovering ? 'recovered'",
  },
]
