/** given commits, when folded and told, then what a person sees. */
import type { EventView } from '@dunlin/contracts'
import { describe, expect, it } from 'vitest'
import { frameOf } from './frame.ts'
import { createScreen, cut } from './screen.ts'
import { newStory, rolloutOf, tellStory } from './story.ts'
import { tellCommit } from './tell.ts'

let seq = 0
const commit = (by: string, ...events: readonly { type: string; [key: string]: unknown }[]): EventView => ({
  seq: (seq += 1),
  kind: 'job',
  namespace: 'production',
  name: 'log-processor',
  v: seq,
  command_id: `c${seq}`,
  by,
  at: '2026-11-21T12:00:00.500Z',
  events: [...events],
})
const engine = 'service:rollout-engine'
const health = { intervalMs: 500, maxErrorRate: 0.1, successThreshold: 2, failureThreshold: 3, deadlineMs: 30_000 }
const opened = {
  type: 'RolloutOpened',
  rollout: 'R',
  version: 1,
  rolloutType: 'create',
  policy: { strategy: 'rolling', health, analysis: { p0: 0.05, haltAt: 20 } },
}
const planned = [
  { type: 'PlacementCompleted', count: 3, leftOut: {} },
  { type: 'PlanDrawn', rollout: 'R', part: 0, targets: ['edge-2', 'edge-1', 'edge-3'] },
  { type: 'PlanCompleted', rollout: 'R', waves: [2, 1], budget: 2, already: 1 },
]
const granted = {
  type: 'NodesGranted',
  rollout: 'R',
  wave: 0,
  version: 1,
  grants: [
    ['edge-2', 'X2'],
    ['edge-1', 'X1'],
  ],
}
const verdict = (node: string, is: string, failed: number) => ({
  type: 'VerdictsReached',
  rollout: 'R',
  verdicts: [
    {
      node,
      verdict: is,
      reason: 'why',
      evidence: [
        { n: 1, in: 20, failed },
        { n: 2, in: 0, failed: 0, disturbed: 'restart' },
      ],
    },
  ],
})

const told = (...commits: readonly EventView[]) => {
  const story = newStory()
  const lines = commits.flatMap((one) => {
    tellStory(story, one)
    return tellCommit(one, story)
  })
  return { story, lines: lines.map(({ by, text }) => `${by}: ${text}`) }
}

describe('the story', () => {
  it('puts every target into its wave, in the order of the plan', () => {
    const { story } = told(commit(engine, opened, ...planned))
    expect(
      [...(rolloutOf(story)?.rows.values() ?? [])].map(({ node, wave, progress }) => [node, wave, progress]),
    ).toEqual([
      ['edge-2', 0, 'waiting'],
      ['edge-1', 0, 'waiting'],
      ['edge-3', 1, 'waiting'],
    ])
  })

  it('says who decided and on which evidence', () => {
    const { lines } = told(
      commit(engine, opened, ...planned),
      commit(engine, { type: 'WaveStarted', rollout: 'R', wave: 0 }, granted),
      commit(engine, verdict('edge-2', 'failed', 20)),
    )
    expect(lines).toContain('rollout-engine: grants version 1 to edge-2, edge-1')
    expect(lines).toContain('rollout-engine: edge-2 is failed: why, window 1: 20 of 20 failed, window 2: restart')
  })

  it('a late report does not change a verdict, and what was stopped does not run', () => {
    const report = (state: string) =>
      commit('node:edge-2', { type: 'ExecutionReported', execution: 'X2', state, attempt: 1 })
    const commits = [commit(engine, opened, ...planned), commit(engine, granted), report('starting')]
    const { story } = told(...commits, commit(engine, verdict('edge-2', 'healthy', 0)), report('running'))
    const edge2 = () => [rolloutOf(story)?.rows.get('edge-2')?.progress, story.runs.get('edge-2')]
    expect(edge2()).toEqual(['healthy', 1])
    tellStory(story, report('stopped'))
    expect(edge2()).toEqual(['healthy', undefined])
  })

  it('shows a row per node with the windows that decided', () => {
    const { story } = told(
      commit(engine, opened, ...planned),
      commit(engine, granted),
      commit(engine, verdict('edge-1', 'healthy', 1)),
    )
    const text = frameOf(story, 1, Date.parse('2026-11-21T12:00:02.500Z'), 200).join('\n')
    expect(text).toMatch(/1 {2}edge-2 +\S*granted +\S* +2\.0 s/)
    expect(text).toMatch(/1 {2}edge-1 +\S*healthy .*v1 +#1 1\/20 {2}#2 restart/)
    expect(text).toMatch(/2 {2}edge-3 +\S*waiting/)
    expect(text).toContain('touched 2 of 3   at risk 1, at most 2')
  })

  it('adds up the evidence of a failing version, and shows its limit', () => {
    const halted = {
      type: 'RolloutHalted',
      rollout: 'R',
      reason: 'analysis',
      message: 'two of two',
      counts: {},
      evidence: { settled: 2, failed: 2 },
    }
    const failing = [
      commit(engine, opened, ...planned),
      commit(engine, granted),
      commit(engine, verdict('edge-2', 'failed', 20)),
      commit(engine, verdict('edge-1', 'failed', 20)),
      commit(
        engine,
        halted,
        { type: 'JobUpdated', version: 2, rolledBackFrom: 1, rolledBackTo: 0, reason: 'analysis' },
        { ...opened, rollout: 'B', version: 2, rolloutType: 'rollback' },
      ),
    ]
    const { story, lines } = told(...failing)
    // The mean of (p/p0)^2 over the four alternatives 0.1, 0.2, 0.4 and 0.8.
    expect(rolloutOf(story, 1)?.outcomes).toMatchObject({ settled: 2, failed: 2, maxE: expect.closeTo(85, 6) })
    expect(frameOf(story, 1, 0, 200).join('\n')).toMatch(/HALTED.*\n.*2 of 2 failed: evidence 85\.0, halts at 20/)
    expect(lines).toContain(
      'rollout-engine: changed the job: version 2, with the content of version 0 instead of version 1: analysis',
    )
    expect(rolloutOf(story)?.type).toBe('rollback')
  })

  it('counts nobody as evidence who was unhealthy before, nor a recovery', () => {
    const { story } = told(
      commit(engine, opened, ...planned),
      commit(engine, { ...granted, unhealthy: ['edge-1'] }),
      commit(engine, verdict('edge-1', 'failed', 20)),
      commit(engine, verdict('edge-2', 'failed', 20)),
      commit(engine, verdict('edge-2', 'healthy', 0)),
    )
    expect(rolloutOf(story)?.outcomes).toMatchObject({ settled: 1, failed: 1 })
    expect([...story.atRisk]).toEqual(['edge-1'])
  })

  it('keeps the place of a revoked grant until it is freed', () => {
    const { story, lines } = told(
      commit(engine, opened, ...planned),
      commit(engine, granted),
      commit(engine, { type: 'GrantsRevoked', rollout: 'R', nodes: ['edge-1'] }),
    )
    expect(rolloutOf(story)?.rows.get('edge-1')?.progress).toBe('deferred')
    expect(lines).toContain('rollout-engine: takes back what edge-1 did not start, silent now')
    expect([...story.atRisk].toSorted()).toEqual(['edge-1', 'edge-2'])
    tellStory(story, commit(engine, { type: 'PlacesFreed', rollout: 'R', nodes: ['edge-1'] }))
    expect([...story.atRisk]).toEqual(['edge-2'])
  })

  it('tells holds, and who lifted them', () => {
    const hold = { rollout: 'R', hold: 'canary' }
    const { story, lines } = told(
      commit(engine, opened, ...planned),
      commit(engine, { type: 'HoldPlaced', ...hold, reason: 'canary_passed', message: '1 of 1 is healthy' }),
    )
    expect(frameOf(story, 1, 0, 200).join('\n')).toContain('HELD (canary)')
    const lifted = commit('user:ana', { type: 'HoldLifted', ...hold, reason: 'looks good' })
    tellStory(story, lifted)
    expect(frameOf(story, 1, 0, 200).join('\n')).not.toContain('HELD')
    const resumed = commit('user:ana', { type: 'RolloutResumed', rollout: 'R', writtenOff: 1 })
    expect([
      ...lines,
      ...[lifted, resumed].flatMap((one) => tellCommit(one, story)).map(({ by, text }) => `${by}: ${text}`),
    ]).toEqual(
      expect.arrayContaining([
        'rollout-engine: holds the rollout (canary): 1 of 1 is healthy',
        'ana: lifts the hold (canary): looks good',
        'ana: resumes the halted rollout, 1 node written off',
      ]),
    )
  })

  it('an event of a later release moves nothing', () => {
    expect(told(commit('service:scheduler', { type: 'JobDreamed' })).lines).toEqual([])
  })
})

describe('the screen', () => {
  const output = (isTTY: boolean) => {
    const text: string[] = []
    return { isTTY, columns: 20, write: (part: string) => text.push(part), text: () => text.join('') }
  }

  it('redraws the table below what is printed on a terminal', () => {
    const out = output(true)
    const screen = createScreen(out)
    let rows = ['one', 'two']
    screen.live(() => rows)
    screen.print('first')
    rows = ['three']
    screen.print('second')
    screen.settle()
    expect(out.text()).toBe('first\none\ntwo\n\u001B[2A\u001B[0Jsecond\nthree\n\u001B[1A\u001B[0Jthree\n')
  })

  it('moves no cursor elsewhere, and writes the table once', () => {
    const out = output(false)
    const screen = createScreen(out)
    screen.live(() => ['table'])
    screen.print('first')
    screen.settle()
    expect(out.text()).toBe('first\ntable\n')
  })

  it('cuts a line to the terminal and keeps its colours', () => {
    expect(cut('\u001B[31mabcdef\u001B[39m', 4)).toBe('\u001B[31mabc\u001B[39m')
  })
})
