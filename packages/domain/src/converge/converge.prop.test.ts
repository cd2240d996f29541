/** The laws of converge over random histories: documents, acknowledgements, exits, time, in any order. */
import { compareGenerations, type DesiredDocument, type DesiredExecution } from '@dunlin/contracts/agent'
import { fc, test } from '@fast-check/vitest'
import { expect } from 'vitest'
import { converge, isFresh, type ConvergeInput } from './converge.ts'
import { isTouched, type Observed, type Phase } from './observed.ts'
import { isAction, type Step } from './steps.ts'

const JOBS = ['a', 'b']
const FRESH_FOR = 100

interface Grant {
  readonly job: string
  readonly seq: number
  readonly desired: 'running' | 'stopped'
}

/**
 * Grants rise with the log; a document holds at most one running grant of a job, or none, or a stopped one. With `revoke`
 * a grant may also be taken back: the one before it is named again.
 */
const documentsWith = (jobs: readonly string[], ...kinds: readonly ('grant' | 'stop' | 'drop' | 'revoke')[]) =>
  fc
    .array(fc.record({ job: fc.constantFrom(...jobs), change: fc.constantFrom(...kinds) }), {
      minLength: 1,
      maxLength: 12,
    })
    .map((changes) => {
      const held = new Map<string, Grant>()
      const former = new Map<string, Grant>()
      return changes.map(({ job, change }, index): DesiredDocument => {
        const seq = index + 1
        const before = held.get(job)
        if (change === 'grant') {
          if (before) former.set(job, before)
          held.set(job, { job, seq, desired: 'running' })
        } else if (change === 'revoke') {
          const restored = former.get(job)
          if (restored) held.set(job, restored)
        } else if (change === 'drop') held.delete(job)
        else if (before) held.set(job, { ...before, desired: 'stopped' })
        return {
          s: 1,
          node: 'n',
          generation: [0, seq],
          executions: [...held.values()].map(entryOf),
        } as unknown as DesiredDocument // ids are branded; the laws do not depend on their form
      })
    })
const documents = documentsWith(JOBS, 'grant', 'stop', 'drop')

const entryOf = ({ job, seq, desired }: Grant): DesiredExecution =>
  ({
    execution: `${job}-${seq}`,
    job: { namespace: 'd', name: job },
    generation: [0, seq],
    content: `content-${seq}`,
    desired,
  }) as unknown as DesiredExecution

/** A node that carries steps out at once or leaves them under way until an event says that they are done. */
class Node {
  held: DesiredDocument | undefined
  readAtMs: number | undefined
  nowMs = 0
  readonly phases = new Map<string, { entry: DesiredExecution; phase: Phase }>()
  readonly contents = new Map<string, 'fetching' | 'ready'>()

  input(): ConvergeInput {
    return {
      desired: this.held,
      observed: [...this.phases.values()] satisfies Observed[],
      contentOf: (content) => ({ is: this.contents.get(content) ?? 'absent' }),
      nowMs: this.nowMs,
      readAtMs: this.readAtMs,
      freshForMs: FRESH_FOR,
    }
  }
  read(document: DesiredDocument, live: boolean): void {
    const order = this.held ? compareGenerations(document.generation, this.held.generation) : 1
    if (order < 0) return
    if (order > 0) this.held = document
    this.readAtMs = live ? this.nowMs : order > 0 ? undefined : this.readAtMs
  }
  carryOut(step: Step): void {
    const known = this.phases.get(step.execution)
    const to = (phase: Phase): void => {
      if (known) known.phase = phase
    }
    if (step.do === 'fetch') this.contents.set(step.content, 'fetching')
    else if (step.do === 'announce')
      this.phases.set(step.execution, { entry: step.entry, phase: { is: 'announced', acknowledged: false } })
    else if (step.do === 'start') to({ is: 'starting' })
    else if (step.do === 'stop' || step.do === 'time_out' || step.do === 'end_attempt') {
      const process = known?.phase.is === 'running' || known?.phase.is === 'starting'
      to(process ? { is: 'stopping' } : { is: 'ended', acknowledged: false })
    } else if (step.do === 'forget') this.phases.delete(step.execution)
  }
  /** Something that was under way comes to its end. */
  happen(pick: number): void {
    for (const content of this.contents.keys()) this.contents.set(content, 'ready')
    const all = [...this.phases.values()]
    const one = all[pick % Math.max(1, all.length)]
    if (!one) return
    const { is } = one.phase
    if (is === 'announced') one.phase = { is, acknowledged: true }
    else if (is === 'starting') one.phase = { is: 'running' }
    else if (is === 'running' && pick % 5 === 0) one.phase = { is, failed: 'liveness_failed' }
    else if (is === 'running')
      one.phase = pick % 2 ? { is: 'backing_off', untilMs: this.nowMs + 5 } : { is: 'ended', acknowledged: false }
    else if (is === 'stopping' || is === 'ended') one.phase = { is: 'ended', acknowledged: is === 'ended' }
  }
}

const historiesOf = (some: typeof documents) =>
  some.chain((all) =>
    fc.record({
      all: fc.constant(all),
      events: fc.array(
        fc.oneof(
          fc.record({ read: fc.nat(all.length - 1), live: fc.boolean() }),
          // Documents mostly come in order, and most of what only some orders show needs several of them.
          fc.record({ readNext: fc.constant(true) }),
          fc.record({ passMs: fc.nat(150) }),
          { weight: 3, arbitrary: fc.record({ happen: fc.nat(50) }) },
        ),
        { maxLength: 60 },
      ),
    }),
  )
const histories = historiesOf(documents)
const historiesWithRevoked = historiesOf(
  fc.oneof(
    documentsWith(JOBS, 'grant', 'grant', 'revoke', 'stop', 'drop'),
    documentsWith(['a'], 'grant', 'grant', 'revoke'),
  ),
)
type History = typeof histories extends fc.Arbitrary<infer T> ? T : never

const run = ({ all, events }: History, check: (node: Node, steps: Step[]) => void): Node => {
  const node = new Node()
  let next = 0
  for (const event of events) {
    if ('readNext' in event) node.read(all[Math.min(next++, all.length - 1)] as DesiredDocument, true)
    else if ('read' in event) node.read(all[event.read] as DesiredDocument, event.live)
    else if ('passMs' in event) node.nowMs += event.passMs
    else node.happen(event.happen)
    const steps = converge(node.input())
    check(node, steps)
    for (const step of steps) node.carryOut(step)
  }
  return node
}

test.prop([historiesWithRevoked], { numRuns: 500 })(
  'two executions of one job never have a process at once',
  (history) => {
    run(history, (node, steps) => {
      for (const job of JOBS) {
        const running = [...node.phases.values()].filter(
          ({ entry, phase }) => entry.job.name === job && ['starting', 'running', 'stopping'].includes(phase.is),
        )
        const starting = steps.filter((step) => step.do === 'start' && step.execution.startsWith(`${job}-`))
        expect(running.length + starting.length).toBeLessThanOrEqual(1)
      }
    })
  },
)

const phases = fc.oneof(
  fc.record({ is: fc.constantFrom('announced' as const, 'ended' as const), acknowledged: fc.boolean() }),
  fc.record({ is: fc.constantFrom('starting' as const, 'running' as const, 'stopping' as const) }),
  fc.record({ is: fc.constant('backing_off' as const), untilMs: fc.nat(20) }),
)
const known = fc.uniqueArray(fc.record({ seq: fc.integer({ min: 1, max: 5 }), phase: phases }), {
  selector: ({ seq }) => seq,
  maxLength: 4,
})

test.prop([known, fc.integer({ min: 1, max: 5 }), fc.option(fc.nat(150), { nil: undefined })], { numRuns: 2_000 })(
  'what runs and is wanted is left alone, whatever else of the job is known',
  (all, seq, readAtMs) => {
    const observed = all.map((one): Observed => ({
      entry: entryOf({ job: 'a', seq: one.seq, desired: 'running' }),
      phase: one.phase,
    }))
    // Two of one job cannot both be activated: that is the law above.
    fc.pre(observed.filter(isTouched).length <= 1)
    const held = { executions: [entryOf({ job: 'a', seq, desired: 'running' })] } as unknown as DesiredDocument
    const steps = converge({
      desired: held,
      observed,
      contentOf: () => ({ is: 'ready' }),
      nowMs: 150,
      readAtMs,
      freshForMs: FRESH_FOR,
    })
    const own = observed.find(({ entry }) => entry.execution === `a-${seq}`)
    if (!own || !isTouched(own)) return
    expect(
      steps.filter((step) => step.execution === `a-${seq}` && ['stop', 'ignore', 'forget'].includes(step.do)),
    ).toEqual([])
  },
)

test.prop([historiesWithRevoked], { numRuns: 500 })(
  'an execution is first started, and its predecessor stopped for it, only from a fresh document and acknowledged',
  (history) => {
    run(history, (node, steps) => {
      for (const step of steps) {
        if (step.do === 'announce') expect(isFresh(node.input())).toBe(true)
        if (step.do !== 'start' || step.why !== 'activation') continue
        expect(isFresh(node.input())).toBe(true)
        expect(node.phases.get(step.execution)?.phase).toEqual({ is: 'announced', acknowledged: true })
      }
    })
  },
)

test.prop([historiesWithRevoked], { numRuns: 500 })('asking again gives no step a second time', (history) => {
  run(history, (node, steps) => {
    expect(converge(node.input())).toEqual(steps)
    for (const step of steps) node.carryOut(step)
    const again = converge(node.input()).filter(isAction)
    // What a step made possible may follow at once (a start after a stop without a process); the same step may not.
    for (const step of again) expect(steps).not.toContainEqual(step)
  })
})

const settle = (node: Node): void => {
  for (let round = 0; round < 200; round++) {
    for (const step of converge(node.input())) node.carryOut(step)
    for (const { phase } of node.phases.values())
      if (phase.is === 'backing_off') node.nowMs = Math.max(node.nowMs, phase.untilMs)
    for (const content of node.contents.keys()) node.contents.set(content, 'ready')
    for (const one of node.phases.values()) {
      const { is } = one.phase
      if (is === 'announced') one.phase = { is, acknowledged: true }
      else if (is === 'starting') one.phase = { is: 'running' }
      else if (is === 'stopping' || is === 'ended') one.phase = { is: 'ended', acknowledged: is === 'ended' }
    }
    if (node.held) node.readAtMs = node.nowMs
  }
}

test.prop([histories], { numRuns: 300 })('in the end exactly what the highest document wants runs', (history) => {
  const node = run(history, () => {})
  settle(node)
  const wanted = (node.held?.executions ?? []).filter(({ desired }) => desired === 'running')
  for (const one of node.phases.values()) {
    if (one.phase.is === 'running') expect(wanted.map(({ execution }) => execution)).toContain(one.entry.execution)
  }
  for (const { execution } of wanted) expect(['running', 'ended']).toContain(node.phases.get(execution)?.phase.is)
})

test.prop([documents, fc.infiniteStream(fc.nat())], { numRuns: 300 })(
  'the order in which documents arrive does not matter',
  (all, order) => {
    const ids = (node: Node): string[] =>
      [...node.phases.values()]
        .filter(({ phase }) => phase.is === 'running')
        .map(({ entry }) => entry.execution)
        .sort()
    const inOrder = new Node()
    for (const document of all) inOrder.read(document, true)
    const shuffled = new Node()
    const bag = [...all]
    for (const pick of order) {
      const [document] = bag.splice(pick % bag.length, 1)
      if (!document) break
      shuffled.read(document, true)
    }
    settle(inOrder)
    settle(shuffled)
    expect(ids(shuffled)).toEqual(ids(inOrder))
  },
)
