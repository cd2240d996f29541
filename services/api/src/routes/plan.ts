/** What applying a spec now would do; nothing is written. */
import {
  canonicalJson,
  contentHash,
  DunlinError,
  jobKeyText,
  operations,
  parseSelector,
  resolveRolloutPolicy,
  specHash,
  type JobKey,
  type NodeId,
} from '@dunlin/contracts'
import { demandOfSpec, nodeFacts, noJob, planApply, planSeed, type NodeFacts, type WantedSpec } from '@dunlin/domain'
import { conditionError } from '@dunlin/eventstore'
import { sha256 } from '@dunlin/runtime'
import type { FastifyInstance } from 'fastify'
import { serve } from '../http/serve.ts'
import { specFromText, type ReadSpec } from '../intake/spec.ts'
import { drainOn } from '../state/drain.ts'
import { plannedView } from '../views/plan.ts'
import type { RouteContext } from './context.ts'

export const registerPlan = (app: FastifyInstance, { state, clock, caughtUp }: RouteContext): void => {
  function* allNodes(): Generator<NodeFacts> {
    for (const id of state.fold.table('node').keys()) {
      const staying = drainOn(state, id, clock.nowMs())?.stays
      const facts = nodeFacts(id as NodeId, state.node(id), state.reports(id), staying)
      if (facts !== undefined) yield facts
    }
  }

  serve(app, operations.planJob, async ({ query, raw }) => {
    await caughtUp(query.min_seq)
    if (raw === undefined || raw.text.trim() === '') throw new DunlinError('malformed_body', 'There is no body.')
    const { spec, warnings } = specFromText(raw)
    const key: JobKey = { namespace: spec.namespace, name: spec.name }
    const aggregate = state.job(key)
    const blocked = aggregate === undefined ? undefined : conditionError(aggregate.condition)
    if (blocked !== undefined) throw blocked
    const job = aggregate?.state ?? noJob()
    const planned = planApply(job, wantedOf(spec), {
      nowMs: clock.nowMs(),
      nodes: allNodes,
      fleet: state,
      seedOf: (version) => planSeed(jobKeyText(key), version),
      hashOfNodes: (nodes) => sha256(nodes.join('\n')),
      hashOfSpec: (value) => sha256(canonicalJson(value)),
    })
    if (planned instanceof DunlinError) throw planned
    return plannedView({ key, job, spec, planned, warnings, fleet: state, seq: state.seq() })
  })
}

const wantedOf = (spec: ReadSpec['spec']): WantedSpec => {
  const selector = parseSelector(spec.selector ?? {})
  if (!selector.ok) throw new DunlinError('invalid_spec', 'selector: cannot be read')
  return {
    spec: { ...spec },
    specHash: specHash(spec, sha256),
    content: contentHash(spec, sha256),
    demand: demandOfSpec({ ...spec }, selector.selector, { key: jobKeyText(spec) }),
    policy: resolveRolloutPolicy(spec),
  }
}
