/**
 * The one interface behind which job types run. What a driver must not lose lies in the task's directory or in the engine
 * that it speaks to; what it holds in memory can be found again by `recover`.
 */
import type { Content, ExecutionId, JobKey } from '@dunlin/contracts/agent'
import type { ContentProblem } from '@dunlin/domain/agent'

/** One attempt of one execution, as the agent hands it to a driver. */
export interface Task {
  readonly execution: ExecutionId
  readonly job: JobKey
  readonly attempt: number
  readonly content: Content
  /** Belongs to the execution; deleted when the agent forgets it. */
  readonly dir: string
  /** Belongs to the incarnation of the job: survives updates (positions in files). */
  readonly stateDir: string
}

export type Inspected =
  /** Nothing of this attempt was ever started. */
  | { readonly is: 'absent' }
  /** Told to start; its process has not shown itself yet. */
  | { readonly is: 'starting' }
  /** `pid` where the driver has a process of its own; `degraded` while it runs and is not as it shall be. */
  | { readonly is: 'running'; readonly pid?: number; readonly degraded?: ContentProblem }
  | {
      readonly is: 'exited'
      readonly code: number | null
      readonly signal: string | null
      /** ms since the epoch. */
      readonly at: number
      readonly error?: ContentProblem
      /** Another attempt would end the same way. */
      readonly permanent?: boolean
    }
  /** It ran, it is gone, and nobody saw how. */
  | { readonly is: 'lost' }

/** Cumulative over all attempts of the execution. */
export interface Stats {
  readonly in: number
  readonly failed: number
  readonly inputConnected: boolean
  readonly outputConnected: boolean
}

/** What a start is given besides its task. */
export interface StartControl {
  /** Called when the attempt may have ended, so that nobody has to wait for the next look. */
  readonly onExit: () => void
  /** The attempt is not wanted any more: whatever takes long (downloads, pulls, hooks) gives up and throws. */
  readonly signal: AbortSignal
  /** What the start is doing, for people who wait: "artifact 3 of 7 MiB". May be called often. */
  readonly onProgress: (text: string) => void
  /** Values of the content's secrets by name: for the environment of the task, and for no file, log or error. */
  readonly secrets?: Readonly<Record<string, string>>
}

export interface CommandResult {
  /** Null when it was ended by a signal or could not run. */
  readonly code: number | null
  /** The first of what it wrote, or why it did not run. */
  readonly output: string
}

export interface Driver {
  /** The job type that it runs. */
  readonly type: string
  /** Only its end tells whether a task is well: while it runs, health windows say nothing. */
  readonly isProvenByItsEnd?: boolean
  /** Called once before the first `inspect` of this process: finds again what an earlier agent started. */
  recover?(): Promise<void>
  /** What is wrong with a content, whatever the moment; asked before anything that runs is touched. */
  prepare(content: Content): ContentProblem | undefined
  /** Starts the attempt, detached. Resolves when it runs. Throws `TaskError`. */
  start(task: Task, control: StartControl): Promise<void>
  /** Cheap and synchronous: it is asked several times a second. */
  inspect(task: Task): Inspected
  /** Sends a signal to the whole process group; false when there is nobody to receive it. */
  signal(task: Task, signal: NodeJS.Signals): boolean
  /**
   * Signals, waits for `graceMs` (or what the config says of itself), kills the whole group, and resolves when nothing of
   * it is left. With `graceMs: 0` the attempt is over, or nothing shall be waited for.
   */
  stop(task: Task, options: { readonly graceMs: number }): Promise<void>
  /** The job has left this node for good: undoes what its config wants undone. Its directories are deleted afterwards. */
  removed?(task: Task): Promise<void>
  /** Undefined when the driver counts nothing. */
  stats(task: Task): Stats | undefined
  /** Runs a command in the environment of the running attempt: for probes. Never throws for what the command does. */
  exec?(
    task: Task,
    command: readonly string[],
    control: { readonly timeoutMs: number; readonly signal: AbortSignal },
  ): Promise<CommandResult>
  /** Bounds what the attempt has written to its logs. Returns in how many ms to ask again; Infinity: when it has written. */
  rotateLogs?(task: Task): number | void
}

/** An attempt that could not be started. `permanent`: trying again cannot help. */
export class TaskError extends Error {
  override readonly name = 'TaskError'
  readonly problem: ContentProblem
  readonly permanent: boolean

  constructor(problem: ContentProblem, permanent: boolean) {
    super(problem.message)
    this.problem = problem
    this.permanent = permanent
  }
}
