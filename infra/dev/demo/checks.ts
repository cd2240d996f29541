/** What must be true after each part of the demo, asked of the API and of the nodes' disks, not of what was shown. */
import type { ExecutionView } from '@dunlin/contracts'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import type { Fleet } from '../fleet.ts'
import type { PlannedNode } from '../node-plan.ts'
import { unexpected } from './follow-story.ts'
import { key } from './specs.ts'
import type { Story } from './story.ts'

/** Version 1 is healthy everywhere, in waves of two, on recorded evidence; lines come out of it. */
export const checkRunning = async (fleet: Fleet, story: Story): Promise<{ node: string; line: string }> => {
  const waves = story.rollout?.waves.join('+')
  if (waves !== '2+2+1') throw unexpected(`the waves were ${waves ?? 'none'}, not 2+2+1`)
  for (const row of story.rows.values()) {
    if (row.progress !== 'healthy') throw unexpected(`${row.node} is ${row.progress}`)
    if (row.evidence.length < 2) throw unexpected(`the verdict on ${row.node} has no evidence`)
  }
  const executions = await executionsOf(fleet)
  const running = executions.filter(({ state, version }) => state === 'running' && version === 1)
  if (running.length !== fleet.nodes.length)
    throw unexpected(`version 1 runs on ${running.length} nodes, not on ${fleet.nodes.length}`)
  const [node] = fleet.nodes
  if (node === undefined) throw unexpected('there is no node')
  return { node: node.id, line: await processedLine(node) }
}

/** Version 2 touched its first wave only; all others run version 1. */
export const checkHalted = async (
  fleet: Fleet,
  story: Story,
): Promise<{ touched: readonly string[]; spared: readonly string[] }> => {
  const rows = [...story.rows.values()]
  const touched = rows.filter(({ progress }) => progress !== 'waiting').map(({ node }) => node)
  const failed = rows.filter(({ progress }) => progress === 'failed').map(({ node }) => node)
  if (touched.length !== 2 || failed.length !== 2)
    throw unexpected(`version 2 reached ${touched.join(', ')} and failed on ${failed.join(', ')}; expected two nodes`)
  const spared = rows.filter(({ progress }) => progress === 'waiting').map(({ node }) => node)
  const executions = await executionsOf(fleet)
  for (const node of spared)
    if (!executions.some((one) => one.node === node && one.version === 1 && one.state === 'running'))
      throw unexpected(`version 1 does not run on ${node} any more`)
  const { status: job } = await fleet.client.jobs.get(key)
  if (job.version !== 2 || job.state.state_type !== 'rollout_failed')
    throw unexpected(`the job is at version ${job.version}, ${job.state.state_type}`)
  return { touched, spared }
}

const executionsOf = async (fleet: Fleet): Promise<readonly ExecutionView[]> => {
  const { items } = await fleet.client.executions.list({ namespace: key.namespace, job: key.name, limit: 1000 })
  return items
}

/** The task's standard output, where its `stdout: {}` output writes. */
const processedLine = async ({ id, dataDir }: PlannedNode): Promise<string> => {
  const deadline = performance.now() + 5_000
  for (;;) {
    for (const task of readdirSync(join(dataDir, 'tasks'))) {
      const text = readFileSync(join(dataDir, 'tasks', task, 'logs', 'stdout'), 'utf8')
      const line = text.split('\n').findLast((one) => one.includes('"processed_at"') && one.endsWith('}'))
      if (line !== undefined) return line
    }
    if (performance.now() > deadline) throw unexpected(`no processed line came out on ${id}`)
    await delay(100)
  }
}
