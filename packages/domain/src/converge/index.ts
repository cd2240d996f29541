/** The agent's converge: pure, and light enough for the agent's bundle. */
export { acceptDocument, readDocument, type Acceptance, type DocumentProblem } from './accept.ts'
export { converge, FRESH_FOR_MS, isFresh, type ContentStatus, type ConvergeInput } from './converge.ts'
export { isTouched, mayHaveProcess, type AttemptFailure, type Observed, type Phase } from './observed.ts'
export {
  afterAnswer,
  asked,
  fitnessOf,
  newProbe,
  probeKinds,
  type Fitness,
  type ProbeKind,
  type ProbeState,
  type ProbeStates,
} from './probes.ts'
export { afterAttempt, BACK_OFF_RESET_MS, backOffMs, type Attempt, type Ending, type Next } from './restart.ts'
export { isAction, type ContentProblem, type KeepReason, type Step, type StopReason, type WaitReason } from './steps.ts'
export {
  cut,
  disturb,
  finishCutting,
  nextEndMs,
  shownEnds,
  startCutting,
  stillValidating,
  type Cutting,
  type Disturbance,
  type Sample,
} from './windows.ts'
