/**
 * Explanations from the log alone: reads the subjects that say something about a job, a rollout or a node, tells what was
 * decided there, and keeps one page of it.
 */
import {
  type Commit,
  type JobKey,
  type JobSubjectEvent,
  type NodeEvent,
  type NodeId,
  type RolloutPolicy,
} from '@dunlin/contracts'
import {
  createExplainer,
  nothingTaken,
  takenTogether,
  tellNodeEvent,
  type About,
  type Checked,
  type Job,
  type ToldDecision,
} from '@dunlin/domain'
import { jobSubject, nodeSubject } from '@dunlin/nats'
import { readCommits, type CommitReader } from './read-commits.ts'

export interface Told extends ToldDecision {
  readonly job?: JobKey
}

export interface Story {
  /** The page that was asked for. */
  readonly decisions: readonly Told[]
  /** More follow. */
  readonly hasMore: boolean
  readonly checked: Checked
  /** First commit that was read; 0 when there was none. */
  readonly beginsAtSeq: number
  readonly complete: boolean
}

export interface Page {
  readonly offset: number
  readonly limit: number
}

/** What one job's subject says, from `from` on. */
export const tellJob = async (
  reader: CommitReader,
  key: JobKey,
  job: Job | undefined,
  about: About,
  from: number,
  { offset, limit }: Page,
): Promise<Story> => {
  const explainer = createExplainer(about, policiesOf(job))
  const decisions: Told[] = []
  let [told, beginsAtSeq, complete] = [0, 0, true]
  for await (const { seq, commit } of readCommits(reader, jobSubject(key), from)) {
    if (beginsAtSeq === 0) {
      beginsAtSeq = seq
      complete = commit.ev[0]?.type !== 'Checkpointed'
    }
    for (const decision of explainer.take(commit as Commit<JobSubjectEvent>, seq)) {
      if (told >= offset && decisions.length < limit)
        decisions.push(about.is === 'node' ? { ...decision, job: key } : decision)
      told += 1
    }
  }
  return { decisions, hasMore: told > offset + decisions.length, checked: explainer.checked(), beginsAtSeq, complete }
}

const policiesOf = (job: Job | undefined): ReadonlyMap<string, RolloutPolicy> => {
  const current = job?.rollouts.current
  return new Map(current === undefined ? [] : [[current.id, current.policy]])
}

export interface JobOfNode {
  readonly key: JobKey
  readonly job: Job
  readonly from: number
}

/** What the centre decided about a node, and what each of these jobs decided about it, in the order of the log. */
export const tellNode = async (
  reader: CommitReader,
  node: NodeId,
  jobs: readonly JobOfNode[],
  { offset, limit }: Page,
): Promise<Story> => {
  const all: Told[] = []
  let beginsAtSeq = 0
  for await (const { seq, commit } of readCommits(reader, nodeSubject(node), 0)) {
    if (beginsAtSeq === 0) beginsAtSeq = seq
    for (const event of commit.ev)
      if (event.type !== 'Checkpointed')
        all.push({
          seq,
          at: commit.at,
          by: commit.by,
          event: event.type,
          message: tellNodeEvent(event as NodeEvent, commit.at),
        })
  }
  const everything = { offset: 0, limit: Infinity }
  const stories = await Promise.all(
    jobs.map(({ key, job, from }) => tellJob(reader, key, job, { is: 'node', node }, from, everything)),
  )
  for (const { decisions } of stories) all.push(...decisions)
  all.sort((a, b) => a.seq - b.seq)
  const decisions = all.slice(offset, offset + limit)
  return {
    decisions,
    hasMore: all.length > offset + decisions.length,
    checked: stories.map(({ checked }) => checked).reduce(added, none),
    beginsAtSeq,
    complete: stories.every(({ complete }) => complete),
  }
}

const none: Checked = { decisions: 0, agree: 0, disagree: 0, notComputable: 0, unverified: nothingTaken }
const added = (a: Checked, b: Checked): Checked => ({
  decisions: a.decisions + b.decisions,
  agree: a.agree + b.agree,
  disagree: a.disagree + b.disagree,
  notComputable: a.notComputable + b.notComputable,
  unverified: takenTogether(a.unverified, b.unverified),
})

/** Where the version in force begins: what is decided now follows from there. */
export const versionFrom = ({ versions }: Job): number =>
  versions.is === 'present' ? (versions.history.at(-1)?.seq ?? 0) : 0

/** Where the story of a node in a job begins: what failed there before the version in force belongs to it. */
export const recentVersionsFrom = ({ versions }: Job): number =>
  versions.is === 'present' ? (versions.history.at(-VERSIONS_TOLD)?.seq ?? versions.history[0]?.seq ?? 0) : 0
const VERSIONS_TOLD = 4

/** Where a rollout's version begins; 0 when it is remembered no more, and undefined when no such rollout is known. */
export const rolloutFrom = ({ versions, rollouts }: Job, id: string): number | undefined => {
  const found = rollouts.current?.id === id ? rollouts.current : rollouts.past.find((one) => one.id === id)
  if (found === undefined || versions.is !== 'present') return undefined
  return versions.history.find(({ version }) => version === found.version)?.seq ?? 0
}
