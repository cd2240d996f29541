import { describe, expect, it } from 'vitest'
import { eventSchemas, eventTypes, type LogEvent } from './index.ts'

const ulid = '01JD7Q4V8Z3W5X6Y7A8B9C0D1E'
const hash = 'a'.repeat(64)
const counts = { targets: 5, granted: 2, healthy: 1, failed: 1, deferred: 0 }
const job = { namespace: 'production', name: 'log-processor' }
const transition = {
  execution: ulid,
  job,
  generation: [0, 42],
  content: hash,
  state: 'failed',
  attempt: 2,
  at: 1_700_000_000_000,
  exit: { code: 1, signal: null },
  error: { code: 'command_not_found', message: 'There is no such file.', hint: 'Look at PATH.' },
  nextAttemptAt: 1_700_000_001_000,
  replaces: 3,
}
const policy = {
  strategy: 'rolling',
  maxParallel: { unit: 'percent', value: 10 },
  canary: { unit: 'count', value: 1 },
  autoPromote: false,
  maxFailedNodes: 10,
  maxFailedNodesPercent: 10,
  autoRollback: true,
  health: { intervalMs: 500, maxErrorRate: 0.1, successThreshold: 2, failureThreshold: 3, deadlineMs: 300_000 },
  expiryMs: 86_400_000,
}

/** One complete example of every event, with all its optional fields. */
const examples: Readonly<Record<LogEvent['type'], Readonly<Record<string, unknown>>>> = {
  JobCreated: { jobId: ulid, version: 1, spec: { name: 'log-processor' }, specHash: hash, content: hash },
  JobUpdated: { version: 3, spec: {}, specHash: hash, content: hash, rolledBackFrom: 2 },
  JobStopped: { reason: 'over' },
  JobDeleted: { reason: 'over', forced: false },
  JobTimedOut: { timeout: 'queue', version: 2 },
  JobStateChanged: {
    state: 'queued',
    reason: 'no_matching_node',
    message: 'No node matches.',
    waitsFor: 'a node',
    until: 1_700_000_000_000,
    details: { targets: 0 },
  },
  CommandNoted: { outcome: { version: 1, revision: 2, jobId: ulid, unchanged: true } },
  Checkpointed: { upto: 4711, object: hash, sha256: hash },
  PlacementChanged: { evaluation: ulid, part: 0, add: ['edge-1'], remove: ['edge-2'] },
  PlacementCompleted: {
    evaluation: ulid,
    trigger: 'job_created',
    version: 1,
    parts: 1,
    count: 1,
    hash,
    leftOut: { selector: 4 },
  },
  RolloutOpened: {
    rollout: ulid,
    rolloutType: 'update',
    version: 2,
    content: hash,
    policy,
    seed: 7,
    supersedes: ulid,
  },
  PlanDrawn: { rollout: ulid, part: 0, targets: ['edge-1', 'edge-2'] },
  PlanCompleted: {
    rollout: ulid,
    parts: 1,
    count: 2,
    hash,
    placedAt: 40,
    waves: [1, 1],
    budget: 1,
    unhealthy: 0,
    already: 3,
  },
  WaveStarted: { rollout: ulid, wave: 0 },
  WavePassed: { rollout: ulid, wave: 0 },
  NodesGranted: {
    rollout: ulid,
    wave: 0,
    version: 2,
    content: hash,
    epoch: 0,
    grants: [['edge-1', ulid]],
    unhealthy: ['edge-1'],
  },
  NodesDeferred: { rollout: ulid, nodes: [{ node: 'edge-2', reason: 'offline' }] },
  GrantsRevoked: { rollout: ulid, nodes: ['edge-2'] },
  PlacesFreed: { rollout: ulid, nodes: ['edge-2'] },
  VerdictsReached: {
    rollout: ulid,
    verdicts: [
      {
        node: 'edge-1',
        execution: ulid,
        generation: [0, 42],
        verdict: 'failed',
        reason: 'failure_threshold',
        window: 3,
        evidence: [{ n: 3, in: 10, failed: 9, disturbed: 'restart' }],
      },
    ],
  },
  HoldPlaced: { rollout: ulid, hold: 'user', reason: 'requested', message: 'Paused for lunch.' },
  HoldLifted: { rollout: ulid, hold: 'user', reason: 'requested' },
  RolloutHalted: {
    rollout: ulid,
    reason: 'analysis',
    message: 'Two nodes failed.',
    counts,
    evidence: { settled: 2, failed: 2, e: 85, maxE: 85, p0: 0.05, haltAt: 20, atRisk: 2, budget: 10 },
  },
  RolloutResumed: { rollout: ulid, writtenOff: 1, nodes: ['edge-1'], reason: 'two broken disks' },
  RolloutClosed: { rollout: ulid, outcome: 'completed', reason: 'done', counts },
  NodeEnrolled: {
    node: 'edge-1',
    publicKey: 'UDXU4RCSJNZOIQHZNWXHXORDPRTGNJAHAHFRGZNEEJCPQTT2M7NLCNF4',
    token: ulid,
    labels: { site: 'a' },
    ownLabels: ['dunlin.io/os'],
  },
  NodeAdmitted: { node: 'edge-1', policy: 'loopback' },
  NodeLabelled: { labels: { env: 'production' } },
  NodeConnected: { boot: ulid },
  NodeDisconnected: { reason: 'silent', lastHeardAt: 1_700_000_000_000 },
  NodeLost: { lastHeardAt: 1_700_000_000_000 },
  NodeReturned: { boot: ulid },
  NodeCordoned: { reason: 'maintenance' },
  NodeUncordoned: {},
  NodeDrained: { reason: 'maintenance', deadlineAt: 1_700_000_000_000 },
  NodeRemoved: { reason: 'gone' },
  NodeCommandNoted: {},
  TokenCreated: {
    token: ulid,
    hash,
    uses: 1,
    expiresAt: 1_700_000_000_000,
    labels: { site: 'a' },
    ownLabels: [],
    admits: true,
  },
  TokenUsed: {
    node: 'edge-1',
    publicKey: 'UDXU4RCSJNZOIQHZNWXHXORDPRTGNJAHAHFRGZNEEJCPQTT2M7NLCNF4',
  },
  TokenRevoked: { reason: 'leaked' },
  NodeAnnounced: {
    boot: ulid,
    protocol: [1, 1],
    agentVersion: '0.1.0',
    labels: { env: 'production' },
    drivers: ['process', 'pipeline'],
    capabilities: ['cgroup.memory'],
    resources: { cpus: 4, memoryBytes: 1024, diskBytes: 2048 },
    journal: ulid,
    j: 9,
    problems: [{ code: 'disk_full', message: 'The disk is full.' }],
    executions: [transition],
  },
  ExecutionReported: { journal: ulid, j: 10, ...transition },
  EpochRaised: { epoch: 1, reason: 'restored' },
  HistoryArchived: { subject: 'evt.job.a.b', from: 1, upto: 9, commits: 5, object: hash, sha256: hash },
}

const typeOf = (schema: (typeof eventSchemas)[number]) => [...schema.shape.type.def.values][0] as LogEvent['type']
const cases = eventSchemas.map((schema) => [typeOf(schema), schema] as const)

describe('events', () => {
  it('are listed once each, under one kind of subject', () => {
    const all = Object.values(eventTypes).flat()
    expect(new Set(all).size).toBe(all.length)
    expect(all.toSorted()).toEqual(Object.keys(examples).toSorted())
  })

  it.each(cases)('%s comes back from JSON as it was', (type, schema) => {
    const event = { type, ...examples[type] }
    expect(schema.parse(JSON.parse(JSON.stringify(event)))).toEqual(event)
  })

  it.each(cases)('%s is refused under another type, and without any field that it needs', (type, schema) => {
    const event: Record<string, unknown> = { type, ...examples[type] }
    expect(schema.safeParse({ ...event, type: 'Something' }).success).toBe(false)
    for (const [field, part] of Object.entries(schema.shape)) {
      const { [field]: _, ...without } = event
      expect([field, schema.safeParse(without).success]).toEqual([field, part.def.type === 'optional'])
    }
  })
})
