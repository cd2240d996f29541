/** The short rules of simulated agents against the real ones: what they come to is a fixed point of `converge`. */
import { NO_GENERATION, type DesiredDocument, type DesiredExecution, type NodeId } from '@dunlin/contracts/agent'
import { converge, isAction, type Observed } from '@dunlin/domain/agent'
import { seededRandom } from '@dunlin/runtime/agent'
import { expect, test } from 'vitest'
import { documentOf, entryFor, newId, sh } from '../testing/node.ts'
import { isOver, mayActivate, report, takeDocument } from './converging.ts'
import type { SimulatedNode } from './node.ts'
import { healthy } from './script.ts'

const NODE = 'sim' as NodeId
const instant = { at: 1, nowMs: 1 }
const hash = (): DesiredExecution['content'] => 'c'.repeat(64) as DesiredExecution['content']

const makeNode = (): SimulatedNode =>
  ({
    id: NODE,
    generation: NO_GENERATION,
    executions: new Map(),
    outbox: [],
    boot: newId(),
    journal: newId(),
    labels: {},
  }) as unknown as SimulatedNode // the rules read no more than this

/** Documents as the centre derives them: of each job the latest grant, or a stopped one, or none. */
const historyOf = (float: () => number): DesiredDocument[] => {
  const held = new Map<string, DesiredExecution>()
  return Array.from({ length: 10 }, (_, index) => {
    const name = float() < 0.5 ? 'a' : 'b'
    const before = held.get(name)
    const change = float()
    if (change < 0.6)
      held.set(name, entryFor({ storeContent: hash }, index + 1, sh(''), { job: { namespace: 'd', name } }))
    else if (change < 0.8 && before) held.set(name, { ...before, desired: 'stopped' })
    else held.delete(name)
    return { ...documentOf(index + 1, ...held.values()), node: NODE }
  })
}

const acknowledge = (node: SimulatedNode): void => {
  for (const one of node.executions.values()) {
    if (one.started || isOver(one.state)) continue
    mayActivate(node, one, instant)
    report(node, one, 'running', instant)
  }
}

const observedOf = (node: SimulatedNode): Observed[] =>
  [...node.executions.values()].map(({ entry, state }) => ({
    entry,
    phase: isOver(state) ? { is: 'ended', acknowledged: true } : { is: 'running' },
  }))

test('what a simulated agent comes to leaves `converge` nothing to do', () => {
  const random = seededRandom(5)
  const float = (): number => random.float()
  for (let round = 0; round < 400; round++) {
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
