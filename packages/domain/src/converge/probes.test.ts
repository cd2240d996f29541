import { fc, test } from '@fast-check/vitest'
import { describe, expect, it } from 'vitest'
import { afterAnswer, asked, fitnessOf, newProbe, type ProbeState, type ProbeStates } from './probes.ts'

const thresholds = { success: 1, failure: 3 }
const after = (answers: readonly boolean[], from: ProbeState = newProbe): ProbeState =>
  answers.reduce((state, ok) => afterAnswer(state, ok, thresholds), from)
const failing = after([false, false, false])
const passing = after([true])

describe('a probe', () => {
  it('fails after failures in a row, not after as many with a success between', () => {
    expect(failing.is).toBe('failing')
    expect(after([true, false, false, true, false, false]).is).toBe('passing')
  })
  it('recovers with its first success', () => {
    expect(after([true], failing).is).toBe('passing')
  })
})

test.prop([fc.array(fc.boolean()), fc.integer({ min: 1, max: 5 }), fc.integer({ min: 1, max: 5 })])(
  'the state is told by the last run of equal answers that reached its threshold',
  (answers, success, failure) => {
    let is = 'pending'
    let run = 0
    answers.forEach((ok, index) => {
      run = index > 0 && answers[index - 1] === ok ? run + 1 : 1
      if (run >= (ok ? success : failure)) is = ok ? 'passing' : 'failing'
    })
    expect(answers.reduce((state, ok) => afterAnswer(state, ok, { success, failure }), newProbe).is).toBe(is)
  },
)

const someState = fc.option(fc.constantFrom(newProbe, failing, passing), { nil: undefined })
const someStates = fc
  .record({ startup: someState, readiness: someState, liveness: someState })
  .map((all) => Object.fromEntries(Object.entries(all).filter(([, state]) => state !== undefined)) as ProbeStates)

describe('the fitness', () => {
  test.prop([someStates])('is decided by startup alone until that has passed', (states) => {
    if (states.startup === undefined || states.startup.is === 'passing') return
    expect(fitnessOf(states)).toBe(states.startup.is === 'failing' ? 'startup_failed' : 'starting')
    expect(asked(states)).toEqual(states.startup.is === 'failing' ? [] : ['startup'])
  })
  test.prop([someStates])('is fit only when nothing that was asked for is pending or failing', (states) => {
    const gates = [states.startup, states.readiness].every((state) => state === undefined || state.is === 'passing')
    expect(fitnessOf(states) === 'fit').toBe(gates && states.liveness?.is !== 'failing')
  })
  it('asks readiness and liveness once startup has passed, and only those that there are', () => {
    expect(asked({ startup: passing, liveness: newProbe })).toEqual(['liveness'])
    expect(asked({ readiness: failing, liveness: passing })).toEqual(['readiness', 'liveness'])
  })
  it('lets a failing readiness wait and a failing liveness end', () => {
    expect(fitnessOf({ readiness: failing })).toBe('unready')
    expect(fitnessOf({ readiness: failing, liveness: failing })).toBe('liveness_failed')
  })
})
