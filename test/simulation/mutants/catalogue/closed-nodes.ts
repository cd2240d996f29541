/** Nodes that people keep jobs away from, time limits, and what a judge believes that has just started. */
import type { Mutant } from '../mutant.ts'

const DRAIN = 'packages/domain/src/node/drain.ts'

export const closedNodes: readonly Mutant[] = [
  {
    name: 'a cordon is not looked at',
    tracker: 'N1',
    file: 'packages/domain/src/placement/eligibility.ts',
    find: "if (node.scheduling === 'cordoned' && !placed)",
    replace: "if (node.scheduling === 'cordoned' && placed === undefined)",
  },
  {
    name: 'a drain forgets its deadline',
    tracker: 'N2',
    file: DRAIN,
    find: 'const isOver = deadlineAt === undefined || nowMs >= deadlineAt',
    replace: 'const isOver = deadlineAt === undefined',
  },
  {
    name: 'the deadline of a drain is not armed',
    tracker: 'N2',
    file: 'services/scheduler/src/fleet/fleet.ts',
    find: 'drains.set(node, scheduling.deadlineAt)',
    replace: 'drains.set(node, undefined)',
  },
  {
    name: 'a drain has no order',
    tracker: 'N2',
    file: DRAIN,
    find: "return job.priority === lowest ? 'stopping' : 'waiting'",
    replace: "return 'stopping'",
  },
  {
    name: 'a batch job that has ended is taken from a drained node',
    tracker: 'N2',
    file: DRAIN,
    find: 'if (isPlaced && !runs && hasEnded && isCurrent) stays.add(key)',
    replace: 'if (isPlaced && runs && hasEnded && isCurrent) stays.add(key)',
  },
  {
    name: 'a job that timed out keeps its grants',
    tracker: 'T1',
    file: 'packages/domain/src/job/evolve.ts',
    find: '      versions.state = timedOut(event, versions.spec, context.at)\n      return releaseAll(job.rollouts)\n',
    replace: '      versions.state = timedOut(event, versions.spec, context.at)\n      return\n',
  },
  {
    name: 'the queue timeout begins anew with other words',
    tracker: 'T1',
    file: 'packages/domain/src/job/evolve.ts',
    find: 'else versions.queuedAt ??= context.at',
    replace: 'else versions.queuedAt = context.at',
  },
  {
    name: 'a completed job is reopened by who joins later',
    tracker: 'State',
    file: 'services/scheduler/src/evaluate/facts.ts',
    find: "isCompleted: state.type === 'completed'",
    replace: "isCompleted: state.type === 'deleted'",
  },
  {
    name: 'who is silent was last heard when it connected',
    tracker: 'State',
    file: 'packages/domain/src/node/liveness.ts',
    find: 'heard?.atMs ?? neverHeard(connection.since, judge)',
    replace: 'heard?.atMs ?? Math.min(connection.since, neverHeard(connection.since, judge))',
  },
]
