import { operations, type ExplanationView, type NodeId } from '@dunlin/contracts'
import { jobSubject, reportSubject } from '@dunlin/nats'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { playCentre, type Centre } from '../test-tools/centre.ts'
import { BOOT, joinNode, processSpec, startInProcess, type InProcess } from '../test-tools/in-process.ts'

let given: InProcess
let centre: Centre
beforeEach(async () => {
  given = await startInProcess()
  centre = playCentre(given)
  for (let i = 1; i <= 4; i += 1) await joinNode(given, `edge-${i}`)
})
afterEach(() => given.stop())

const apply = (more = {}) => given.send('PUT', '/api/v1/jobs', { body: processSpec('web', more) })
const explain = async (path: string): Promise<ExplanationView> =>
  (await given.send('GET', `/api/v1/${path}`)).as(operations.explainJob.response)
const events = ({ decisions }: ExplanationView) => decisions.map(({ event }) => event)
const JOB = 'jobs/default/web'

/** What the node says of what it was granted last. */
const sayWhy = async (node: string): Promise<void> => {
  const grant = (await centre.job('web')).rollouts.grants.get(node as NodeId)
  const said = {
    type: 'ExecutionReported',
    journal: '01J00000000000000000000001',
    j: 1,
    execution: grant?.execution,
    job: { namespace: 'default', name: 'web' },
    generation: [0, grant?.seq],
    content: grant?.content,
    state: 'failed',
    attempt: 1,
    at: 1_700_000_000_000,
    error: { code: 'missing_secret', message: 'There is no db.' },
  }
  await given.write(reportSubject(node), [said], `${BOOT}/2`)
}

/** Version 1 is proven; version 2 fails on its first two nodes and is rolled back. */
const brokenUpdate = async (): Promise<{ readonly failed: string; readonly back: string }> => {
  await apply({ rollout: { max_parallel: 100 } })
  for (let i = 0; i < 3; i += 1) {
    const { current } = (await centre.settle('web')).rollouts
    const open = [...(current?.slots ?? [])].filter(([, slot]) => slot === 'open').map(([node]) => [node, 'healthy'])
    await centre.judge('web', Object.fromEntries(open) as Record<string, 'healthy'>)
  }
  await apply({ config: { command: 'broken' } })
  const { current } = (await centre.settle('web')).rollouts
  const [first = ''] = current?.targets ?? []
  await sayWhy(first)
  await centre.judge('web', { [first]: 'failed' })
  return { failed: current?.id ?? '', back: (await centre.job('web')).rollouts.current?.id ?? '' }
}

describe('an explanation', () => {
  it('of a rollout tells every decision from its version to its halt, and agrees with what was recorded', async () => {
    const { failed, back } = await brokenUpdate()
    const story = await explain(`${JOB}/rollouts/${failed}/explain`)
    expect(story).toMatchObject({ about: 'rollout', name: failed, complete: true, waits_for: [] })
    expect(story.message).toMatch(/^the update rollout of version 2 is over: halted \(/)
    expect(story.message).toMatch(/; cause on 1 node: missing_secret: There is no db\.$/)
    const { status } = (await given.send('GET', `/api/v1/${JOB}`)).as(operations.getJob.response)
    expect(status.past_rollouts.map(({ halted }) => halted?.cause)).toEqual([
      undefined,
      { code: 'missing_secret', message: 'There is no db.', nodes: 1 },
    ])
    expect(events(story)).toEqual([
      'JobUpdated',
      'PlacementCompleted',
      'RolloutOpened',
      'PlanCompleted',
      'WaveStarted',
      'NodesGranted',
      'VerdictsReached',
      'RolloutHalted',
      'RolloutOpened',
    ])
    expect(story.checked).toMatchObject({ decisions: 2, agree: 2, disagree: 0, not_computable: 0 })
    const halt = story.decisions.find(({ event }) => event === 'RolloutHalted')
    expect(halt).toMatchObject({ by: 'service:scheduler', checks: [{ is: 'agrees' }] })
    expect(story.decisions.map(({ seq }) => seq)).toEqual(
      story.decisions.map(({ seq }) => seq).toSorted((a, b) => a - b),
    )
    // Halt, new version and its rollout are one commit.
    expect(story.decisions.at(-1)?.seq).toBe(halt?.seq)
    expect(events(await explain(`${JOB}/rollouts/${back}/explain`)).slice(0, 3)).toEqual([
      'JobUpdated',
      'RolloutOpened',
      'PlanCompleted',
    ])
  })

  it('of a job begins with the version in force, or with all that the log holds, page by page', async () => {
    await brokenUpdate()
    const present = await explain(`${JOB}/explain`)
    expect(present.message).toMatch(/^version 3 /)
    expect(present.decisions[0]).toMatchObject({ event: 'RolloutHalted' })
    expect(present.waits_for.map(({ what }) => what)).toContain('verdicts')
    // Its rollout began before what was read: its halt cannot be counted again from there.
    expect(present.checked.disagree).toBe(0)
    const whole = await explain(`${JOB}/explain?since=0&limit=1000`)
    expect(whole.decisions[0]).toMatchObject({ event: 'JobCreated', seq: whole.begins_at_seq })
    expect(whole.checked).toMatchObject({ disagree: 0, not_computable: 0 })
    const pages: ExplanationView['decisions'] = []
    for (let cursor: string | undefined = ''; cursor !== undefined;) {
      const one = await explain(`${JOB}/explain?since=0&limit=7${cursor === '' ? '' : `&cursor=${cursor}`}`)
      expect(one.decisions.length).toBeLessThanOrEqual(7)
      expect(one.checked).toEqual(whole.checked)
      pages.push(...one.decisions)
      cursor = one.next_cursor
    }
    expect(pages).toEqual(whole.decisions)
  })

  it('of a node tells what the centre and each job decided about it', async () => {
    await brokenUpdate()
    const job = await centre.job('web')
    const [node = ''] = job.rollouts.current?.targets ?? []
    const story = await explain(`nodes/${node}/explain`)
    // Its failure with the version before is why it is where it is.
    expect(story.decisions.map(({ message }) => message)).toContainEqual(
      expect.stringMatching(/ failed \(failure_threshold/),
    )
    expect(story).toMatchObject({ about: 'node', name: node, message: 'connected, 1 job' })
    expect(events(story)).toEqual(expect.arrayContaining(['NodeAdmitted', 'NodeConnected', 'NodesGranted']))
    expect(story.decisions.filter(({ job: name }) => name !== undefined)).toContainEqual(
      expect.objectContaining({ namespace: 'default', job: 'web', event: 'NodesGranted' }),
    )
    expect(story.waits_for).toMatchObject([{ what: 'verdict', message: 'default/web: to be judged' }])
    expect(events(await explain(`nodes/${node}/explain?namespace=other`))).toEqual(['NodeAdmitted', 'NodeConnected'])
  })

  it('does not believe a halt that does not follow from the verdicts', async () => {
    await apply({ rollout: { max_parallel: 50 } })
    const { current } = (await centre.settle('web')).rollouts
    const [first = ''] = current?.targets ?? []
    await centre.judge('web', { [first]: 'failed' })
    const counts = { targets: 4, granted: 2, healthy: 0, failed: 1, deferred: 0 }
    const evidence = { settled: 1, failed: 1, e: 30, maxE: 30, p0: 0.05, haltAt: 20, atRisk: 2, budget: 2 }
    await given.write(jobSubject({ namespace: 'default', name: 'web' }), [
      { type: 'RolloutHalted', rollout: current?.id, reason: 'analysis', message: 'trust me', counts, evidence } as {
        type: string
      },
    ])
    const [, second = ''] = current?.targets ?? []
    const ofNode = await explain(`nodes/${second}/explain`)
    expect(ofNode.waits_for.at(-1)?.message).toMatch(/^default\/web: a person: possible are /)
    const story = await explain(`${JOB}/rollouts/${current?.id}/explain`)
    expect(story.checked).toMatchObject({ agree: 1, disagree: 1 })
    expect(story.decisions.at(-1)?.checks).toMatchObject([
      { is: 'disagrees', message: expect.stringContaining('e is recorded as 30 and is 7.5') as string },
    ])
    expect(story.waits_for).toMatchObject([{ what: 'person' }])
  })

  it('goes back into the archive when the log was compacted', async () => {
    const { failed } = await brokenUpdate()
    const before = await explain(`${JOB}/rollouts/${failed}/explain`)
    const compacted = await given.send('POST', '/api/v1/log/compact', {
      body: { jobs: [{ namespace: 'default', name: 'web' }] },
    })
    expect(compacted.json()['purged']).toBeGreaterThan(0)
    const after = await explain(`${JOB}/rollouts/${failed}/explain`)
    expect(after.decisions).toEqual(before.decisions)
    // And so does a rollback to a version of which the log holds the spec no more.
    const back = await given.send('POST', `/api/v1/${JOB}/rollback`, { body: { version: 2 } })
    expect(back.json()).toMatchObject({ version: 4 })
    const shown = (await given.send('GET', `/api/v1/${JOB}`)).as(operations.getJob.response)
    expect(shown.spec).toMatchObject({ config: { command: 'broken' } })
  })

  it('is not found where there is nothing to explain', async () => {
    expect((await given.send('GET', `/api/v1/${JOB}/explain`)).problem().code).toBe('job_not_found')
    expect((await given.send('GET', '/api/v1/nodes/none/explain')).problem().code).toBe('node_not_found')
    await apply()
    expect((await given.send('GET', `/api/v1/${JOB}/rollouts/none/explain`)).problem().code).toBe('rollout_not_found')
    expect((await given.send('GET', `/api/v1/nodes/edge-1/explain?job=web`)).problem().code).toBe('invalid_request')
  })
})
