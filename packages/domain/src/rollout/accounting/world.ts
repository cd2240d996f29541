/**
 * One job in a small world, moved on step by step: the real deciders and folds, a scheduler, an engine that may die between
 * two commits, and nodes that activate what they are granted. Only tests use it; unit tests tell stories with it, property
 * tests throw random histories at it.
 */
import {
  rollBackSpec,
  type CommandOutcome,
  type EvaluationId,
  type ExecutionId,
  type JobId,
  type JobSubjectEvent,
  type NodeId,
  type RolloutId,
  type RolloutPolicy,
  type Sha256,
  type Verdict,
} from '@dunlin/contracts'
import type { Decision } from '../../decision.ts'
import { decideJob, type JobCommand } from '../../job/decide.ts'
import { foldJobCommit } from '../../job/evolve.ts'
import { isPresent, noJob, type PresentJob } from '../../job/state.ts'
import { recordPlacement } from '../../placement/evaluate.ts'
import { advanceRollout } from '../advance.ts'
import { rollbackTarget } from '../commands.ts'
import type { AdvanceFacts } from '../facts.ts'
import { freePlaces, revokeUnstarted } from '../revoke.ts'
import { recordVerdicts } from '../verdicts.ts'
import { hashOf, storyPolicy, type Activated, type World, type WorldCommit, type WorldOptions } from './story.ts'

export * from './story.ts'

export const startWorld = ({ nodes, seed = 1, watch }: WorldOptions): World => {
  const job = noJob()
  const log: WorldCommit[] = []
  const activated = new Map<NodeId, Activated>()
  const started = new Set<ExecutionId>()
  const lastRead = new Map<NodeId, Activated>()
  const connected = new Set(nodes)
  const sick = new Set<NodeId>()
  const wanted = new Set<NodeId>()
  const sites = new Map<NodeId, string>()
  const specs = new Map<number, Readonly<Record<string, unknown>>>()
  const switches: World['switches'] = { logFull: false, sight: 'clear', schedulerDown: false, allEnded: false }
  let now = 1000
  let ids = 0
  const nextId = (): string => `01J${String((ids += 1)).padStart(23, '0')}`

  const append: World['append'] = (ev, by = 'service:rollout-engine') => {
    const commit = { seq: log.length + 1, at: (now += 10), by, ev }
    watch?.before(world, commit)
    log.push(commit)
    foldJobCommit(job, { s: 1, v: commit.seq, cmd: `~${commit.seq}`, by, at: commit.at, ev }, commit.seq)
    for (const event of ev) {
      if (event.type === 'JobCreated' || event.type === 'JobUpdated') specs.set(event.version, event.spec)
      if (event.type === 'JobStopped' || event.type === 'JobDeleted') activated.clear()
    }
    // A node stops what it was told to give up.
    for (const node of activated.keys()) if (isPresent(job) && !job.placement.nodes.has(node)) activated.delete(node)
    for (const node of lastRead.keys()) if (!job.placement.nodes.has(node)) lastRead.delete(node)
    read(commit)
    watch?.after(world, commit)
  }

  const facts: AdvanceFacts = {
    epoch: 0,
    get nowMs() {
      return now
    },
    get mayGrant() {
      return !switches.logFull
    },
    get sight() {
      return switches.sight
    },
    get policy() {
      return isPresent(job) ? (job.versions.spec['rollout'] as RolloutPolicy) : storyPolicy()
    },
    isConnected: (node) => connected.has(node),
    mayRecover: () => !switches.allEnded,
    isUnhealthy: (node) => sick.has(node) || job.rollouts.grants.get(node)?.verdict?.is === 'failed',
    labelOf: (node) => sites.get(node),
    newRolloutId: () => nextId() as RolloutId,
    newExecutionId: () => nextId() as ExecutionId,
    seedOf: (version) => seed + version,
    // The text itself is the best hash: equal for equal texts only.
    hashOfTargets: (ordered) => ordered.join('\n') as Sha256,
    hashOfSpec: (spec) => JSON.stringify(spec) as Sha256,
  }

  const decide = (command: JobCommand): Decision<JobSubjectEvent, CommandOutcome> => {
    const decision = decideJob(job, command)
    if (decision.ok) for (const ev of decision.commits) append(ev, 'user:ann')
    return decision
  }
  const head = () => ({ id: nextId(), at: now })

  const apply: World['apply'] = (content, { labels = {}, policy } = {}) => {
    const spec = { config: content, labels, rollout: storyPolicy(policy) }
    const specHash = facts.hashOfSpec(spec)
    return decide({ verb: 'apply', ...head(), spec, specHash, content: hashOf(content), newJobId: nextId() as JobId })
  }

  const command: World['command'] = (verb, reason) => {
    const said = { ...head(), ...(reason === undefined ? {} : { reason }) }
    return decide(verb === 'delete' ? { verb, force: true, ...said } : { verb, ...said })
  }

  const rollBack: World['rollBack'] = (version, whole = false) => {
    if (!isPresent(job)) return undefined
    const target = rollbackTarget(job, version)
    const old = target.is === 'found' ? (target.spec ?? specs.get(target.version)) : undefined
    if (target.is !== 'found' || old === undefined) return undefined
    const spec = whole ? old : rollBackSpec(job.versions.spec, old)
    const content = hashOf(String(spec['config']))
    const specHash = facts.hashOfSpec(spec)
    return decide({ verb: 'rollback', ...head(), toVersion: target.version, spec, specHash, content })
  }

  const place: World['place'] = () => {
    if (!isPresent(job) || switches.schedulerDown) return
    const belongs = job.versions.lifecycle === 'active' ? wanted : new Set<NodeId>()
    const difference = {
      add: [...belongs].filter((node) => !job.placement.nodes.has(node)),
      remove: [...job.placement.nodes].filter((node) => !belongs.has(node)),
      count: belongs.size,
      leftOut: {},
    }
    const evaluation = {
      id: nextId() as EvaluationId,
      trigger: 'node_changed' as const,
      version: job.versions.version,
    }
    for (const ev of recordPlacement(job, difference, evaluation, () => hashOf('e'))) append(ev, 'service:scheduler')
  }

  const step: World['step'] = (most = Infinity) => {
    const commits = advanceRollout(job, facts).slice(0, most)
    for (const ev of commits) append(ev)
    return commits.flat().map(({ type }) => type)
  }

  const advance: World['advance'] = () => {
    const types: string[] = []
    for (let turn = 0; turn < 1000; turn += 1) {
      const wrote = step()
      if (wrote.length === 0) return types
      types.push(...wrote)
    }
    throw new Error(`the engine never comes to rest: ${types.slice(-12).join(', ')}`)
  }

  const activate: World['activate'] = (node) => {
    const grant = connected.has(node) ? job.rollouts.grants.get(node) : lastRead.get(node)
    const runs = activated.get(node)
    // What was ended for a newer one is not started again.
    if (grant === undefined || (runs !== undefined && runs.seq >= grant.seq)) return
    started.add(grant.execution)
    activated.set(node, { execution: grant.execution, content: grant.content, seq: grant.seq })
  }
  /** Who is granted is connected and reads it; gone silent, he may begin it until no document of his is fresh any more. */
  const read = ({ ev, seq }: WorldCommit): void => {
    for (const event of ev) {
      if (event.type === 'PlacesFreed') for (const node of event.nodes) lastRead.delete(node)
      if (event.type === 'JobStopped' || event.type === 'JobDeleted')
        for (const node of lastRead.keys()) lastRead.delete(node)
      if (event.type !== 'NodesGranted') continue
      for (const [node, execution] of event.grants) lastRead.set(node, { execution, content: event.content, seq })
    }
  }

  const verdictOn = (node: NodeId, outcome: Verdict['verdict'], reason: string, execution?: ExecutionId): Verdict[] => {
    const grant = job.rollouts.grants.get(node)
    if (grant === undefined) return []
    if (execution === undefined) activate(node)
    // Nobody can tell how something does that its node has never begun.
    if (execution === undefined && activated.get(node)?.execution !== grant.execution) return []
    return [
      {
        node,
        execution: execution ?? grant.execution,
        generation: [0, grant.seq],
        verdict: outcome,
        reason,
        window: 1,
        evidence: [],
      },
    ]
  }

  const judge: World['judge'] = (node, outcome, reason = 'test', execution) => {
    for (const ev of recordVerdicts(job, verdictOn(node, outcome, reason, execution))) append(ev)
  }

  const settle: World['settle'] = (outcome) => {
    const open = [...job.rollouts.grants].filter(([, { verdict }]) => verdict === undefined)
    open.sort(([, a], [, b]) => a.seq - b.seq)
    for (const [node] of open) if (connected.has(node)) judge(node, outcome(node))
  }

  const revocable = {
    isConnected: facts.isConnected,
    isStarted: (_: NodeId, execution: ExecutionId) => started.has(execution),
    isStale: () => true,
  }
  const revoke: World['revoke'] = (as = 'GrantsRevoked') => {
    for (const [event] of revokeUnstarted(present(world), revocable)) {
      if (event?.type !== 'GrantsRevoked' || as === 'GrantsRevoked') append(event === undefined ? [] : [event])
      else append([{ ...event, type: as, nodes: event.nodes.map((node) => ({ node, reason: 'revoked' })) }])
    }
  }

  const free: World['free'] = () => {
    for (const ev of freePlaces(present(world), revocable)) append(ev)
  }

  const world: World = {
    job,
    log,
    facts,
    activated,
    connected,
    sick,
    wanted,
    sites,
    switches,
    append,
    tick: (ms) => void (now += ms),
    apply,
    command,
    rollBack,
    place,
    step,
    advance,
    activate,
    judge,
    settle,
    revoke,
    free,
  }
  return world
}

export const present = (world: World): PresentJob => {
  if (!isPresent(world.job)) throw new Error('nothing was applied')
  return world.job
}
