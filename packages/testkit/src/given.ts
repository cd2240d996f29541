/**
 * given / when / then for deciders: `given(decider, history).when(command).then(events)` reads like the rule it proves.
 */
import { expect } from 'vitest'

export interface TestedDecider<S, C, E> {
  readonly initial: () => S
  /** Folds one commit's events; may change the state in place. */
  readonly fold: (state: S, events: readonly E[], n: number) => S
  readonly decide: (
    state: S,
    command: C,
  ) =>
    | { readonly ok: true; readonly commits: readonly (readonly E[])[] }
    | { readonly ok: false; readonly error: { readonly code: string } }
}

export interface Then<S, E> {
  /** The events of all commits, in order; members that are left out are not compared. */
  then(events: readonly Partial<E>[]): void
  nothing(): void
  refuses(code: string): void
  /** The state after folding what was decided. */
  state(): S
}

export const given = <S, C, E>(decider: TestedDecider<S, C, E>, history: readonly (readonly E[])[] = []) => {
  let state = decider.initial()
  let n = 0
  for (const events of history) state = decider.fold(state, events, (n += 1))
  return {
    when: (command: C): Then<S, E> => {
      const decision = decider.decide(state, command)
      const events = decision.ok ? decision.commits.flat() : []
      const mustBeOk = (): void => {
        if (!decision.ok) throw new Error(`refused: ${decision.error.code}`)
      }
      return {
        // oxlint-disable-next-line unicorn/no-thenable -- given / when / then is the house's word; nobody awaits it
        then: (expected) => {
          mustBeOk()
          expect(events).toHaveLength(expected.length)
          expected.forEach((event, i) => expect(events[i]).toMatchObject(event))
        },
        nothing: () => {
          mustBeOk()
          expect(events).toEqual([])
        },
        refuses: (code) => expect(decision.ok ? 'accepted' : decision.error.code).toBe(code),
        state: () => {
          mustBeOk()
          for (const commit of decision.ok ? decision.commits : []) state = decider.fold(state, commit, (n += 1))
          return state
        },
      }
    },
  }
}
