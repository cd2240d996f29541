import type { ExecutionId, JobId, JobSubjectEvent, NodeId, RolloutId, RolloutPolicy, Sha256 } from '@dunlin/contracts'
import { describe, expect, it } from 'vitest'
import { foldJobCommit } from '../job/evolve.ts'
import { noJob, type Job } from '../job/state.ts'
import { advanceRollout } from './advance.ts'
import type { AdvanceFacts } from './facts.ts'
import { recordVerdicts } from './verdicts.ts'

const hash = 'a'.repeat(64) as Sha256
const policy: RolloutPolicy = {
  strategy: 'rolling',
  maxParallel: { unit: 'count', value: 1 },
  canary: { unit: 'count', value: 1 },
  autoPromote: false,
  maxFailedNodes: 10,
  maxFailedNodesPercent: 100,
  autoRollback: true,
  health: { intervalMs: 1000, maxErrorRate: 0.1, successThreshold: 2, failureThreshold: 3, deadlineMs: 60_000 },
  expiryMs: 1_000_000,
}

/** A job placed on some nodes, moved on step by step. */
const rolloutOn = (...nodes: string[]) => {
  let job: Job = noJob()
  let seq = 0
  let ids = 0
  const nextId = () => `01J${String((ids += 1)).padStart(23, '0')}`
  const append = (ev: readonly JobSubjectEvent[]): void => {
    job = foldJobCommit(job, { s: 1, v: (seq += 1), cmd: `~${seq}`, by: 'service:test', at: seq, ev }, seq)
  }
  append([{ type: 'JobCreated', jobId: nextId() as JobId, version: 1, spec: {}, specHash: hash, content: hash }])
  const place = (...add: string[]): void => {
    const evaluation = nextId() as never
    append([
      { type: 'PlacementChanged', evaluation, part: 0, add: add as NodeId[], remove: [] },
      {
        type: 'PlacementCompleted',
        evaluation,
        trigger: 'node_changed',
        version: 1,
        parts: 1,
        count: 1,
        hash,
        leftOut: {},
      },
    ])
  }
  place(...nodes)
  const facts: AdvanceFacts = {
    epoch: 0,
    nowMs: 0,
    mayGrant: true,
    isConnected: () => true,
    isUnhealthy: () => false,
    policy,
    newRolloutId: () => nextId() as RolloutId,
    newExecutionId: () => nextId() as ExecutionId,
    labelOf: () => undefined,
    sight: 'clear',
    seedOf: () => 1,
    hashOfTargets: () => hash,
    hashOfSpec: () => hash,
  }
  const advance = (more: Partial<AdvanceFacts> = {}): string[] => {
    const types: string[] = []
    for (
      let commits = advanceRollout(job, { ...facts, ...more });
      commits.length > 0;
      commits = advanceRollout(job, { ...facts, ...more })
    )
      for (const ev of commits) {
        append(ev)
        types.push(...ev.map(({ type }) => type))
      }
    return types
  }
  const settle = (verdict: 'healthy' | 'failed'): void => {
    for (const [node, grant] of job.rollouts.grants)
      if (grant.verdict === undefined)
        for (const ev of recordVerdicts(job, [
          {
            node,
            execution: grant.execution,
            generation: [0, grant.seq],
            verdict,
            reason: 'test',
            window: 1,
            evidence: [],
          },
        ]))
          append(ev)
  }
  return { advance, settle, place, phase: () => job.rollouts.current?.phase }
}

describe('a rollout', () => {
  it('starts the next wave in the commit that passes the one before', () => {
    const { advance, settle, phase } = rolloutOn('a', 'b')
    expect(advance()).toEqual(['RolloutOpened', 'PlanDrawn', 'PlanCompleted', 'WaveStarted', 'NodesGranted'])
    settle('healthy')
    expect(advance()).toEqual(['WavePassed', 'WaveStarted', 'NodesGranted'])
    settle('healthy')
    expect(advance()).toEqual(['WavePassed', 'RolloutClosed'])
    expect(phase()).toBe('completed')
  })
  it('halts when failed nodes fill the budget and somebody waits', () => {
    const { advance, settle, phase } = rolloutOn('a', 'b', 'c')
    advance()
    settle('failed')
    expect(advance()).toEqual(['RolloutHalted'])
    expect(phase()).toBe('halted')
  })
  it('grants nothing while the log is nearly full, and goes on when there is room', () => {
    const { advance } = rolloutOn('a')
    expect(advance({ mayGrant: false })).not.toContain('NodesGranted')
    expect(advance()).toContain('NodesGranted')
  })
  it('grants to a node that was placed after it completed, and halts when that one fills the budget with a failure', () => {
    const { advance, settle, place, phase } = rolloutOn('a')
    advance()
    settle('healthy')
    advance()
    place('b', 'c')
    expect(advance()).toEqual(['NodesGranted'])
    settle('failed')
    // The second joiner is told that it gets nothing from this rollout.
    expect(advance()).toEqual(['RolloutHalted', 'NodesDeferred'])
    expect(phase()).toBe('halted')
  })
})
