/** The short rules of simulated agents against the real ones: what they come to is a fixed point of `converge`. */
import type { BootId, DesiredDocument, DesiredExecution, JournalId, NodeId } from '@dunlin/contracts/agent'
import { converge, isAction, type Observed } from '@dunlin/domain/agent'
import { seededRandom } from '@dunlin/runtime/agent'
import { expect, test } from 'vitest'
import { documentOf, entryFor, newId, sh } from '../testing/node.ts'
import { activate, report, takeDocument } from './converging.ts'
import { isOver, newNode, type SimulatedNode } from './node.ts'
import { healthy } from './script.ts'

const NODE = 'sim' as NodeId
const instant = { at: 1, nowMs: 1 }
const hash = (): DesiredExecution['content'] => 'c'.repeat(64) as DesiredExecution['content']

const makeNode = (): SimulatedNode =>
  newNode({
    id: NODE,
    boot: newId() as BootId,
    journal: newId() as JournalId,
    labels: {},
    expected: 0,
    phaseMs: 0,
  })

/** Documents as the centre derives them: of each job the latest grant, a former one again, a stopped one, or none. */
const historyOf = (float: () => number): DesiredDocument[] => {
  const held = new Map<string, DesiredExecution>()
  const former = new Map<string, DesiredExecution>()
  return Array.from({ length: 10 }, (_, index) => {
    const name = float() < 0.5 ? 'a' : 'b'
    const before = held.get(name)
    const change = float()
    const restored = former.get(name)
    if (change < 0.2 && restored) held.set(name, restored)
    else if (change < 0.6) {
      if (before) former.set(name, before)
      held.set(name, entryFor({ storeContent: hash }, index + 1, sh(''), { job: { namespace: 'd', name } }))
    } else if (change < 0.8 && before) held.set(name, { ...before, desired: 'stopped' })
    else held.delete(name)
    return { ...documentOf(index + 1, ...held.values()), node: NODE }
  })
}

const acknowledge = (node: SimulatedNode): void => {
  for (const one of node.executions.values()) {
    if (one.started || isOver(one.state)) continue
    activate(node, one, instant)
    report(node, one, 'running', instant)
  }
  node.outbox = []
}

const observedOf = (node: SimulatedNode): Observed[] =>
  [...node.executions.values()].map(({ entry, state }) => ({
    entry,
    phase: isOver(state) ? { is: 'ended', acknowledged: true } : { is: 'running' },
  }))

test('what a simulated agent comes to leaves `converge` nothing to do', () => {
  const random = seededRandom(5)
  const float = (): number => random.float()
  for (let round = 0; round < 2_000; round++) {
    const node = makeNode()
    const history = historyOf(float)
    const bag = [...history]
    while (bag.length > 0) {
      const [document] = bag.splice(Math.floor(float() * bag.length), 1)
      if (document) takeDocument(node, document, healthy, instant)
      if (float() < 0.5) acknowledge(node)
    }
    acknowledge(node)
    const steps = converge({
      desired: history.at(-1),
      observed: observedOf(node),
      contentOf: () => ({ is: 'ready' }),
      nowMs: 1,
      readAtMs: 1,
      freshForMs: 1_000,
    })
    expect(steps.filter((step) => isAction(step) && step.do !== 'forget')).toEqual([])
  }
})
