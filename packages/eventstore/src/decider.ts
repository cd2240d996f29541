/** The shape that a domain module meets structurally; domain never imports this package. */
export interface Decider<State, Command, Event, Refusal> {
  readonly initialState: () => State
  /** Pure: time, randomness and ids are in the command. */
  readonly decide: (
    state: State,
    command: Command,
  ) => { readonly ok: true; readonly events: readonly Event[] } | { readonly ok: false; readonly refusal: Refusal }
  /** May change `state` in place and return it: a fold that copied a large map per event would be quadratic. */
  readonly evolve: (state: State, event: Event) => State
}
