/** Each law about updates is shown the smallest story that breaks it, and one that only looks as if. */
import { describe, expect, it } from 'vitest'
import type { Struck } from './laws.ts'
import type { Told } from './told.ts'
import { undecided, wrongVersions, type NodeSeen } from './updates.ts'
import type { Step } from './update-witness.ts'

const step = (is: Step['is'], execution: string, mark: string): Step => ({ is, execution, mark })
const seen = (over: Partial<NodeSeen> = {}): NodeSeen => ({
  node: 'edge-1',
  inUse: { agent: 'm-agent-1', payload: undefined },
  isOnTrial: false,
  agents: ['m-agent-1'],
  steps: [step('check', 'x1', 'm-agent-1'), step('check', 'x2', 'm-agent-2')],
  wished: [],
  ...over,
})
const told = (at: number, execution: string, state: string, job = 'agent'): Told => ({
  seq: at,
  node: 'edge-1',
  execution,
  job,
  content: `content of ${execution}`,
  at,
  attempt: 1,
  state,
  replaces: 0,
  isSummary: false,
})
const log = [told(1, 'x1', 'completed'), told(2, 'x2', 'failed')]

describe('an update is decided', () => {
  it('when one agent runs, the one in use, and everything wanted has ended', () => {
    expect(undecided(seen({ wished: ['m-agent-2'] }), log)).toEqual([])
  })
  it.each([
    ['on trial', seen({ isOnTrial: true }), log],
    ['runs 2 agents', seen({ agents: ['m-agent-1', 'm-agent-1'] }), log],
    ['runs 0 agents', seen({ agents: [] }), log],
    ['m-agent-1 is in use', seen({ agents: ['m-agent-2'] }), log],
    ['is still running', seen(), [...log, told(3, 'x3', 'running')]],
    ['has not tried m-agent-3', seen({ wished: ['m-agent-3'] }), log],
  ])('%s', (what, node, entries) => {
    expect(undecided(node, entries).join('\n')).toContain(what)
  })
})

describe('the version in use', () => {
  const wrong = (node: NodeSeen, entries: readonly Told[] = log, struck: readonly Struck[] = []) =>
    wrongVersions(node, entries, struck, (mark) => mark !== 'm-agent-2' && mark !== 'm-payload-2').join('\n')
  const uses = (agent: string, payload?: string): Pick<NodeSeen, 'inUse'> => ({ inUse: { agent, payload } })

  it('is the last that the log says has completed', () => {
    expect(wrong(seen())).toBe('')
    expect(wrong(seen(uses('none')))).toContain('the log says m-agent-1')
    expect(wrong(seen(uses('none')), [])).toBe('')
  })
  it('may be the one of an update that was stopped, until the next has completed', () => {
    const stopped = [...log, told(3, 'x3', 'stopped')]
    const node = seen({ ...uses('m-agent-3'), steps: [...seen().steps, step('check', 'x3', 'm-agent-3')] })
    expect(wrong(node, stopped)).toBe('')
    expect(wrong(node, [...stopped, told(4, 'x1', 'completed')])).toBe('')
    expect(wrong(node, [...stopped, { ...told(4, 'x4', 'completed'), content: 'content of x1' }])).toContain(
      'the log says m-agent-1',
    )
  })
  it('is none that is broken, whatever the log says', () => {
    expect(wrong(seen(uses('m-agent-2')), [told(1, 'x2', 'completed')])).toContain('which is broken')
  })
  it('of a payload is the one that was restarted last', () => {
    const steps = [step('apply', 'p1', 'm-payload-1'), step('restart', 'p1', 'm-payload-1')]
    const ends = [told(1, 'p1', 'completed', 'payload'), told(2, 'p2', 'failed', 'payload')]
    const node = (more: readonly Step[]) => seen({ ...uses('none', 'm-payload-1'), steps: [...steps, ...more] })
    const tried = [step('apply', 'p2', 'm-payload-2'), step('restart', 'p2', 'm-payload-2')]
    expect(wrong(node(tried), ends)).toContain('m-payload-2 was restarted last')
    expect(wrong(node([...tried, step('restart', 'p2', 'm-payload-1')]), ends)).toBe('')
    const killed: Struck = { execution: 'p2', attempt: undefined, was: 'shim', node: 'edge-1', job: 'payload' }
    expect(wrong(node(tried), ends, [killed])).toBe('')
  })
  it('has no two commands of updates at once', () => {
    expect(wrong(seen({ steps: [...seen().steps, step('overlap', 'p1', '')] }))).toContain('ran at once')
  })
})
