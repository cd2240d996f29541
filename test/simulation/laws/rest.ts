/** The world has come to rest: what shall be is, and every view of it agrees. */
import { desiredDocumentSchema, jobKeyText, type NodeId } from '@dunlin/contracts'
import { deriveJobState, isPresent, stateDiffers, statusFacts, type Job, type PresentJob } from '@dunlin/domain'
import type { World } from '../world/world.ts'
import type { WorldFold } from './fold.ts'
import { atRiskOf, currentOf, type JobEntry, type Ledger, type RolloutEntry } from './ledger.ts'
import type { Broken } from './names.ts'
import { checkDrained, checkOverdue } from './nodes.ts'

type Fail = (law: Broken['law'], detail: string) => void
const decoder = new TextDecoder()

const readerOf = (fold: WorldFold) => ({
  node: (id: NodeId) => fold.get('node', id)?.state,
  reports: (id: NodeId) => fold.get('report', id)?.state,
})

const jobsOf = (fold: WorldFold): (readonly [string, Job])[] =>
  [...fold.table('job').keys()].map((key) => [key, fold.get('job', key)?.state as Job] as const)

/** What holds whenever no service was disturbed for a while, with nodes away or not. */
export const checkQuiet = async (world: World, fold: WorldFold, ledger: Ledger): Promise<Broken[]> => {
  const broken: Broken[] = []
  const fail: Fail = (law, detail) => void broken.push({ law, detail })
  for (const [key, job] of jobsOf(fold)) if (isPresent(job)) checkState(key, job, fold, fail)
  await checkDocuments(world, fold, fail)
  checkNodes(world, fail)
  checkDrained(world, ledger, fail)
  checkOverdue(world, ledger, fail)
  return broken
}

const checkState = (key: string, job: PresentJob, fold: WorldFold, fail: Fail): void => {
  if (job.versions.lifecycle !== 'active') return
  const derived = deriveJobState(job, statusFacts(job, readerOf(fold)))
  if (stateDiffers(job, derived)) fail('State', `${key}: "${job.versions.state.message}" / "${derived.message}"`)
}

/** Of each node: what the documents name is what the jobs have granted. */
const checkDocuments = async (world: World, fold: WorldFold, fail: Fail): Promise<void> => {
  for (const node of world.agents.nodes.values()) {
    const entry = await world.store.desired.get(node.id)
    const document =
      entry === undefined ? undefined : desiredDocumentSchema.parse(JSON.parse(decoder.decode(entry.value)))
    const wanted = new Set<string>()
    for (const [, job] of jobsOf(fold)) {
      if (!isPresent(job) || job.versions.lifecycle !== 'active') continue
      const grant = job.rollouts.grants.get(node.id)
      if (grant !== undefined) wanted.add(grant.execution)
    }
    const named = new Set<string>(document?.executions.map(({ execution }) => execution) ?? [])
    if ([...wanted].some((id) => !named.has(id)) || [...named].some((id) => !wanted.has(id)))
      fail('Documents', `${node.id}: document ${[...named].join()}, grants ${[...wanted].join()}`)
  }
}

/** When every node has had the time to read its document: it runs nothing else, but for what it never replaced. */
export const checkObedience = (world: World, fold: WorldFold, fail: Fail): void => {
  const jobs = jobsOf(fold)
  for (const node of world.agents.nodes.values())
    for (const { entry, state } of node.executions.values()) {
      if (node.silent || (state !== 'running' && state !== 'starting')) continue
      const grant = jobs.find(([key]) => key === jobKeyText(entry.job))?.[1].rollouts.grants.get(node.id)
      const successor = grant === undefined ? undefined : node.executions.get(grant.execution)
      const waits = grant !== undefined && (successor === undefined || !successor.started)
      if (grant?.execution !== entry.execution && !waits)
        fail('Documents', `${node.id} runs ${entry.execution}, which is not granted any more`)
    }
}

/** Not by what nodes said, but by what they do. */
export const checkNodes = (world: World, fail: Fail): void => {
  for (const node of world.agents.nodes.values()) {
    const running = [...node.executions.values()].filter(({ state, started }) => state === 'running' && started)
    const jobs = new Set(running.map(({ entry: { job } }) => jobKeyText(job)))
    if (jobs.size !== running.length) fail('S5', `${node.id} runs two executions of a job`)
  }
}

/** What holds when everything has healed, every node is there, and enough time has passed for every limit. */
export const checkRest = (ledger: Ledger): Broken[] => {
  const broken: Broken[] = []
  for (const [key, job] of ledger.jobs) {
    const fail: Fail = (law, detail) => void broken.push({ law, detail: `${key}: ${detail}` })
    if (job.lifecycle !== 'active') {
      if (job.latest.size > 0) fail('Documents', `a ${job.lifecycle} job holds ${job.latest.size} grants`)
    } else checkJob(job, ledger, fail)
  }
  return broken
}

const ENDED: ReadonlySet<string> = new Set(['completed', 'halted', 'expired'])

/** Nothing is under way that time alone would end. */
export const isSettled = (ledger: Ledger): boolean => {
  for (const job of ledger.jobs.values()) {
    if (job.lifecycle !== 'active') continue
    const rollout = currentOf(job)
    if (rollout === undefined ? job.placed.size > 0 : rollout.content !== job.content) return false
    if (rollout === undefined) continue
    if (!ENDED.has(rollout.phase) && rollout.holds.size === 0) return false
    if ([...rollout.slots.values()].includes('open')) return false
    if (job.revoked.size > 0 && waitsForContent(job, rollout, ledger)) return false
  }
  return true
}

/** The place that a revoked grant takes comes free by time alone, and then somebody is granted. */
const waitsForContent = (job: JobEntry, { phase, content }: RolloutEntry, { nodes }: Ledger): boolean =>
  phase === 'completed' &&
  [...job.placed].some((node) => nodes.get(node)?.connected === true && job.latest.get(node)?.content !== content)

const checkJob = (job: JobEntry, ledger: Ledger, fail: Fail): void => {
  const rollout = currentOf(job)
  if (rollout === undefined || rollout.content !== job.content) {
    if (job.placed.size > 0 || rollout !== undefined) fail('L1', 'the newest content has no rollout')
    return
  }
  const slots = [...rollout.slots.values()]
  const here = (node: string): boolean => ledger.nodes.get(node)?.connected === true
  if (rollout.phase === 'planning') fail('L3', 'a plan stays unfinished')
  // Windows that never come are a person's to decide about; a site that was silent is heard again.
  const blind = rollout.holds.get('visibility')
  // Places that nodes hold which are away come free when those are back, or by a person.
  const isCrowded = rollout.holds.has('budget') && [...atRiskOf(job)].some((node) => !here(node))
  const isBlind = blind === 'windows_unknown' || (blind === 'site_silent' && ![...job.placed].every(here))
  // A halted rollout waits for a person, also with a node of which no window ever came.
  const isHalted = rollout.phase === 'halted'
  const byPerson = isHalted || isCrowded || rollout.holds.has('user') || rollout.holds.has('canary') || isBlind
  if (blind === 'site_silent' && !isBlind && rollout.phase === 'running')
    fail('L3', 'a hold for lack of sight stays although everybody is seen')
  if (rollout.phase === 'running' && !byPerson)
    fail(
      slots.includes('failed') || slots.includes('lost') ? 'L1' : 'L4',
      `still running: ${slots.join() || 'no turn'}`,
    )
  for (const [node, slot] of rollout.slots)
    if (slot === 'open' && here(node) && !byPerson) fail('L2', `the grant of ${node} stays open`)
  if (rollout.phase === 'completed' && !byPerson) {
    const contents = new Set<string>()
    for (const node of job.placed) {
      const grant = job.latest.get(node)
      if (here(node) && grant !== undefined) contents.add(grant.content)
      if (here(node) && grant?.content !== rollout.content)
        fail(rollout.type === 'rollback' ? 'B1' : 'L6', `${node} has not got the content`)
    }
    if (contents.size > 1) fail('P3', `${contents.size} contents remain`)
  }
}
