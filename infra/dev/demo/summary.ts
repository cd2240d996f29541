/** What the log holds at the end: counted by event, the job's subject commit by commit, and where to go from here. */
import type { EventView } from '@dunlin/contracts'
import { paint } from './paint.ts'
import { eventsOf } from './story.ts'
import { actorName } from './tell.ts'

export const summary = (commits: readonly EventView[], job: { namespace: string; name: string }): readonly string[] => [
  paint('bold', 'What the log holds'),
  `  ${commits.length} commits with ${commits.reduce((sum, { events }) => sum + events.length, 0)} events; everything shown above is a fold of them.`,
  '',
  ...kinds(commits),
  '',
  paint('bold', `The story of ${job.namespace}/${job.name}, as its one subject tells it`),
  ...story(
    commits.filter(({ kind, namespace, name }) => kind === 'job' && namespace === job.namespace && name === job.name),
  ),
]

const titles = {
  job: 'about jobs',
  node: 'about nodes, by the centre',
  token: 'about join tokens',
  report: 'by the nodes themselves',
  log: 'about the log',
} as const

const kinds = (commits: readonly EventView[]): readonly string[] => {
  const counts = new Map<EventView['kind'], Map<string, number>>()
  for (const commit of commits) {
    const ofKind = counts.get(commit.kind) ?? new Map<string, number>()
    counts.set(commit.kind, ofKind)
    for (const { type } of eventsOf(commit)) ofKind.set(type, (ofKind.get(type) ?? 0) + 1)
  }
  return [...counts].map(([kind, types]) => {
    const listed = [...types].map(([type, count]) => `${type} ${count}`).join(', ')
    return `  ${titles[kind].padEnd(27)} ${paint('dim', listed)}`
  })
}

/** Events of one commit are one decision: they stand on one line. */
const story = (commits: readonly EventView[]): readonly string[] =>
  commits.map((commit) => {
    const counts = new Map<string, number>()
    for (const { type } of eventsOf(commit)) counts.set(type, (counts.get(type) ?? 0) + 1)
    const types = [...counts].map(([type, count]) => (count === 1 ? type : `${type} x${count}`)).join(', ')
    const cause = commit.cause === undefined ? '' : paint('dim', `  because of #${commit.cause.seq}`)
    return `  ${`#${commit.seq}`.padStart(5)}  v${String(commit.v).padEnd(3)} ${actorName(commit.by).padEnd(14)} ${types}${cause}`
  })

const further = [
  ['npm start', 'the same, and it stays up; then, beside it:'],
  ['pnpm exec dunlin apply -f examples/log-processor.json', 'apply a job'],
  ['pnpm exec dunlin describe job production/log-processor', 'its state, versions, placement and rollouts'],
  ['pnpm exec dunlin get executions', 'what runs where'],
  ['pnpm exec dunlin rollout get production/log-processor -w', 'its rollout, live: waves, nodes, evidence, holds'],
  ['pnpm exec dunlin explain job production/log-processor', 'who decided what, on which evidence'],
  ['pnpm exec dunlin events -f', 'the log as it grows'],
] as const

export const howToLookFurther = (): readonly string[] => [
  paint('bold', 'How to look further'),
  ...further.map(([command, what]) => `  ${command.padEnd(58)} ${paint('dim', what)}`),
  '  docs/rollouts.md tells how a rollout moves and halts, docs/architecture.md how all of it works.',
]
