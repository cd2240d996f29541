/** What services do around decisions: take-over, documents, commands, derived states. */
import type { Mutant } from '../mutant.ts'

export const services: readonly Mutant[] = [
  {
    name: 'an engine that takes over does not see what validates',
    tracker: 'Nomad GH-27604',
    file: 'services/rollout-engine/src/engine.ts',
    find: '    for (const [key, job] of fleet.jobs()) validating.sync(key, job)\n',
    replace: '',
  },
  {
    name: 'generations do not rise',
    tracker: 'wadm #143, PR #158',
    file: 'packages/domain/src/desired/build.ts',
    find: 'generation: [Math.max(epoch, grant.epoch), grant.seq]',
    replace: 'generation: [Math.max(epoch, grant.epoch), 1]',
  },
  {
    name: 'stragglers are not told',
    tracker: 'helios PR #650',
    file: 'packages/domain/src/job/status.ts',
    find: 'const unwell = count.failed + count.unhealthy',
    replace: 'const unwell = count.unhealthy',
  },
  {
    name: 'the state of a job does not follow its nodes',
    tracker: 'State',
    file: 'services/scheduler/src/fleet/fleet.ts',
    find: '      } else for (const job of grants.jobsOn(node)) marks.status.add(job)\n',
    replace: '      }\n',
  },
  {
    name: 'a repeated command is applied again',
    tracker: 'Once',
    file: 'packages/domain/src/job/decide.ts',
    find: 'const before = command.req === undefined ? undefined : job.commands.byId.get(command.id)',
    replace: 'const before = command.req === "" ? job.commands.byId.get(command.id) : undefined',
  },
  {
    name: 'documents are not written again after a revocation',
    tracker: 'KubeEdge #5039',
    file: 'packages/domain/src/desired/touched.ts',
    find: "      case 'GrantsRevoked':\n        for (const node of event.nodes) touched.add(node)\n        break\n",
    replace: '',
  },
  {
    name: 'nobody is rung again',
    tracker: 'KubeEdge #5094, #6356',
    file: 'services/scheduler/src/scheduler.ts',
    find: 'if (now - since < ringAfterMs) continue',
    replace: 'if (now >= since) continue',
  },
  {
    name: 'removed nodes stay eligible',
    tracker: 'S7',
    file: 'packages/domain/src/placement/eligibility.ts',
    find: "if (node.removed) return { reason: 'removed', because: 'the node was removed' }",
    replace: '',
  },
]
