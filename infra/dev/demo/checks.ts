/** What must be true after each part of the demo, asked of the API and of the nodes' disks, not of what was shown. */
import type { ExecutionView } from '@dunlin/contracts'
import type { Fleet } from '../fleet.ts'
import { processedLine, readDisk, type OnDisk } from './disks.ts'
import { unexpected } from './follow-story.ts'
import { touchedBy } from './rollout-story.ts'
import { badMapping, goodMapping, key } from './specs.ts'
import { eventsOf, rolloutOf, type Story } from './story.ts'

/** What ran on each node when version 1 was healthy everywhere. */
export type Before = ReadonlyMap<string, OnDisk>

/** Version 1 is healthy everywhere, in waves of two, on recorded evidence; lines come out of it. */
export const checkRunning = async (
  fleet: Fleet,
  story: Story,
): Promise<{ before: Before; node: string; line: string }> => {
  const rollout = rolloutOf(story, 1)
  const waves = rollout?.waves.join('+')
  if (waves !== '2+2+1') throw unexpected(`the waves were ${waves ?? 'none'}, not 2+2+1`)
  for (const row of rollout?.rows.values() ?? []) {
    if (row.progress !== 'healthy') throw unexpected(`${row.node} is ${row.progress}`)
    if (row.evidence.length < 2) throw unexpected(`the verdict on ${row.node} has no evidence`)
  }
  const running = (await runningOf(fleet)).filter(({ version }) => version === 1)
  if (running.length !== fleet.nodes.length)
    throw unexpected(`version 1 runs on ${running.length} nodes, not on ${fleet.nodes.length}`)
  const before = await readDisks(fleet)
  const [node] = fleet.nodes
  const disk = node && before.get(node.id)
  if (node === undefined || disk === undefined) throw unexpected('there is no node')
  if (disk.mapping !== goodMapping) throw unexpected(`${node.id} runs another mapping: ${disk.mapping}`)
  return { before, node: node.id, line: await processedLine(node, disk.execution) }
}

/**
 * Version 2 was granted to two nodes and failed on both; one commit halted it and opened the way back. The evidence that
 * the halt recorded is what the verdicts before it come to.
 */
export const checkHalted = (story: Story): { seq: number; touched: readonly string[] } => {
  const rollout = rolloutOf(story, 2)
  const { halted } = rollout ?? {}
  if (rollout === undefined || halted === undefined) throw unexpected('version 2 was not halted')
  const touched = touchedBy(rollout)
  const failed = touched.filter((node) => rollout.rows.get(node)?.progress === 'failed')
  if (touched.length !== 2 || failed.length !== 2)
    throw unexpected(`version 2 reached ${touched.join(', ')} and failed on ${failed.join(', ')}; expected two nodes`)
  const { evidence } = halted
  const { settled, maxE } = rollout.outcomes
  if (halted.reason !== 'analysis' || evidence?.haltAt === undefined || maxE < evidence.haltAt)
    throw unexpected(`it was halted by ${halted.reason} at evidence ${maxE}`)
  if (evidence.settled !== settled || evidence.maxE === undefined || Math.abs(evidence.maxE - maxE) > 1e-9)
    throw unexpected(`the halt recorded evidence ${evidence.maxE}, but its verdicts come to ${maxE}`)
  const commit = story.commits.find(({ seq }) => seq === halted.seq)
  const types = (commit === undefined ? [] : eventsOf(commit)).map(({ type }) => type).join(' ')
  if (!types.startsWith('RolloutHalted JobUpdated RolloutOpened'))
    throw unexpected(`the commit of the halt holds ${types}`)
  return { seq: halted.seq, touched }
}

/** The touched nodes run the content of version 1 again, as version 3; on the others the same process goes on. */
export const checkRolledBack = async (
  fleet: Fleet,
  story: Story,
  before: Before,
  touched: readonly string[],
): Promise<{ spared: readonly string[] }> => {
  const rollback = rolloutOf(story, 3)
  const granted = rollback === undefined ? [] : touchedBy(rollback)
  if (rollback?.type !== 'rollback' || granted.toSorted().join() !== touched.toSorted().join())
    throw unexpected(`the rollback granted to ${granted.join(', ')}, not to ${touched.join(', ')}`)
  const spared = fleet.nodes.map(({ id }) => id).filter((id) => !touched.includes(id))
  const { status: job } = await fleet.client.jobs.get(key)
  if (job.version !== 3 || job.state.state_type !== 'running')
    throw unexpected(`the job is at version ${job.version}, ${job.state.state_type}`)
  const running = new Map((await runningOf(fleet)).map((one) => [one.node, one]))
  const disks = await readDisks(fleet)
  for (const [node, then] of before) {
    const [api, disk] = [running.get(node), disks.get(node)]
    if (api === undefined || disk === undefined || api.id !== disk.execution)
      throw unexpected(`on ${node} the API sees ${api?.id} and the disk holds ${disk?.execution}`)
    if (disk.content !== then.content || disk.mapping === badMapping)
      throw unexpected(`${node} runs content ${disk.content}, not that of version 1, ${then.content}`)
    const version = touched.includes(node) ? 3 : 1
    if (api.version !== version || disk.version !== version)
      throw unexpected(`${node} runs version ${api.version}, not ${version}`)
    if (spared.includes(node) && (disk.execution !== then.execution || disk.process !== then.process))
      throw unexpected(`${node} should have been left alone, and was not`)
  }
  for (const node of fleet.nodes) await processedLine(node, disks.get(node.id)?.execution ?? '')
  return { spared }
}

const runningOf = async (fleet: Fleet): Promise<readonly ExecutionView[]> => {
  const query = { namespace: key.namespace, job: key.name, state: 'running', limit: 1000 } as const
  return (await fleet.client.executions.list(query)).items
}

const readDisks = async ({ nodes }: Fleet): Promise<ReadonlyMap<string, OnDisk>> =>
  new Map(await Promise.all(nodes.map(async (node) => [node.id, await readDisk(node)] as const)))
