import { operations, type JobSubjectEvent } from '@dunlin/contracts'
import { jobSubject } from '@dunlin/nats'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { playCentre, type Centre } from '../test-tools/centre.ts'
import { joinNode, processSpec, startInProcess, type InProcess } from '../test-tools/in-process.ts'

let given: InProcess
let centre: Centre
beforeEach(async () => {
  given = await startInProcess()
  centre = playCentre(given)
  for (let i = 1; i <= 12; i += 1)
    await joinNode(given, `edge-${i}`, { 'dunlin.io/site': `site-${i % 3}`, ring: `${i % 2}` })
})
afterEach(() => given.stop())

const apply = (more = {}) => given.send('PUT', '/api/v1/jobs', { body: processSpec('web', more) })
const plan = async (more = {}) =>
  (await given.send('POST', '/api/v1/plan', { body: processSpec('web', more) })).as(operations.planJob.response)
const command = (text: string) => ({ config: { command: text } })

/** What the log says of the last rollout that was opened. */
const recorded = async () => {
  const events: JobSubjectEvent[] = []
  for await (const { data } of given.store.log.read(jobSubject({ namespace: 'default', name: 'web' })))
    events.push(...(JSON.parse(new TextDecoder().decode(data)) as { ev: JobSubjectEvent[] }).ev)
  const opened = events.findLast((event) => event.type === 'RolloutOpened')
  const completed = events.findLast((event) => event.type === 'PlanCompleted')
  const first = events.findLast((event) => event.type === 'PlanDrawn')
  return {
    type: opened?.rolloutType,
    seed: opened?.seed,
    hash: completed?.hash,
    waves: completed?.waves,
    budget: completed?.budget,
    unhealthy: completed?.unhealthy,
    already: completed?.already,
    first: first?.targets.slice(0, 20),
  }
}
const shortly = ({ rollout }: Awaited<ReturnType<typeof plan>>) =>
  rollout === undefined
    ? undefined
    : {
        type: rollout.type,
        seed: rollout.seed,
        hash: rollout.hash,
        waves: rollout.waves.map(({ nodes }) => nodes),
        budget: rollout.budget,
        unhealthy: rollout.unhealthy,
        already: rollout.already,
        first: rollout.first,
      }
const healthy = async () => {
  for (;;) {
    const { current } = (await centre.settle('web')).rollouts
    const open = [...(current?.slots ?? [])].filter(([, slot]) => slot === 'open').map(([node]) => [node, 'healthy'])
    if (open.length === 0) return
    await centre.judge('web', Object.fromEntries(open) as Record<string, 'healthy'>)
  }
}

describe('a dry run', () => {
  it('of a new job gives exactly the plan that runs, with who is left out and what each wave can prove', async () => {
    const more = { selector: { match_labels: { ring: '1' } }, rollout: { strategy: 'canary', max_parallel: 34 } }
    const dry = await plan(more)
    expect(dry).toMatchObject({
      action: 'create',
      version: 1,
      changed: [],
      content_changes: true,
      placement: { placed: 6, add: 6, remove: 0, left_out: { selector: 6 } },
      rollout: {
        strategy: 'canary',
        targets: 6,
        budget: 3,
        waves: [
          { wave: 1, canary: true, nodes: 1, power: expect.stringMatching(/^1 node for 20 s sees .* 95 %/) as string },
          { wave: 2, canary: false, nodes: 3, detectable_rate: expect.closeTo(0.6316, 4) as number },
          { wave: 3, nodes: 2 },
        ],
        ramp: [{ may_be_open: 2, until_settled: 2 }],
      },
      message:
        'creates the job as version 1, placed on 6 nodes (6 added); a canary rollout takes it to 6 nodes in 3 waves',
      warnings: [{ code: 'caution', message: expect.stringContaining('stays halted') as string }],
    })
    expect((await given.store.log.info()).lastSeq).toBe(24)
    await apply(more)
    await centre.settle('web')
    expect(shortly(dry)).toEqual(await recorded())
  })

  it('of an update in the middle of a rollout does too, failed and open nodes first', async () => {
    await apply(command('one'))
    await healthy()
    await apply({ ...command('two'), rollout: { max_parallel: 50, no_auto_rollback: true, max_failed_nodes: 3 } })
    const { current } = (await centre.settle('web')).rollouts
    const [bad = '', good = ''] = current?.targets ?? []
    await centre.judge('web', { [bad]: 'failed', [good]: 'healthy' })
    const more = { ...command('three'), rollout: { max_parallel: 25 } }
    const dry = await plan(more)
    expect(dry).toMatchObject({
      action: 'update',
      version: 3,
      changed: ['config.command', 'rollout.max_failed_nodes', 'rollout.max_parallel', 'rollout.no_auto_rollback'],
      rollout: {
        type: 'update',
        targets: 12,
        supersedes: current?.id,
        first: expect.arrayContaining([bad]) as string[],
      },
    })
    expect(dry.rollout?.unhealthy).toBeGreaterThan(0)
    expect(dry.warnings.map(({ message }) => message)).toContainEqual(expect.stringContaining('which is not over'))
    await apply(more)
    await centre.settle('web')
    expect(shortly(dry)).toEqual(await recorded())
    // Back to what ran before: the nodes that never left it are left alone.
    const back = await plan({ ...command('two'), rollout: { max_parallel: 25 } })
    await apply({ ...command('two'), rollout: { max_parallel: 25 } })
    await centre.settle('web')
    expect(shortly(back)).toEqual(await recorded())
    expect(back.rollout?.already).toBe(1)
  })

  it('says when nothing changes, and when nodes would see no difference', async () => {
    await apply()
    await healthy()
    const same = await plan()
    expect(same).toMatchObject({ action: 'unchanged', version: 1, changed: [], content_changes: false })
    expect(same).not.toHaveProperty('rollout')
    const labelled = await plan({ labels: { team: 'a' } })
    expect(labelled).toMatchObject({ action: 'update', version: 2, changed: ['labels'], content_changes: false })
    expect([labelled.rollout, labelled.message]).toEqual([undefined, expect.stringContaining('see no difference')])
    const fewer = await plan({ selector: { match_labels: { ring: '0' } } })
    expect(fewer.placement).toMatchObject({ placed: 6, add: 0, remove: 6, left_out: { selector: 6 } })
  })

  it('warns of nobody, and of more canaries than nodes', async () => {
    const nobody = await plan({ selector: { match_labels: { ring: '7' } } })
    expect(nobody).toMatchObject({ placement: { placed: 0 }, rollout: { targets: 0, waves: [] } })
    expect(nobody.warnings).toContainEqual({ code: 'caution', path: 'selector', message: expect.any(String) as string })
    const { warnings } = await plan({ rollout: { strategy: 'canary', canary_count: 50 } })
    expect(warnings.map(({ path }) => path)).toContain('rollout.canary_count')
    const { message } = await plan({ rollout: { strategy: 'immediate' } })
    expect(message).toContain('; an immediate rollout takes it to')
  })

  it('refuses a wrong spec like an apply, and a body that is none', async () => {
    const wrong = await given.send('POST', '/api/v1/plan', { body: { name: 'web', type: 'process' } })
    expect([wrong.status, wrong.problem().code]).toEqual([400, 'invalid_spec'])
    expect((await given.send('POST', '/api/v1/plan')).problem().code).toBe('malformed_body')
    expect((await given.send('GET', '/api/v1/plan')).problem().code).toBe('method_not_allowed')
  })
})
