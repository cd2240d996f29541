/** The one interface behind which job types run. A driver keeps no state in memory that an agent restart would lose. */
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
  | { readonly is: 'running'; readonly pid: number }
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

export interface Driver {
  /** The job type that it runs. */
  readonly type: string
  /** What is wrong with a content, whatever the moment; asked before anything that runs is touched. */
  prepare(content: Content): ContentProblem | undefined
  /** Starts the attempt, detached. Resolves when its process is there. Throws `TaskError`. */
  start(task: Task, onExit: () => void): Promise<void>
  inspect(task: Task): Inspected
  /** Sends a signal to the whole process group; false when there is nobody to receive it. */
  signal(task: Task, signal: NodeJS.Signals): boolean
  /** Signals, waits for `graceMs`, kills the whole group, and resolves when nothing of it is left. */
  stop(task: Task, options: { readonly graceMs: number }): Promise<void>
  /** Undefined when the driver counts nothing. */
  stats(task: Task): Stats | undefined
  /** Bounds what the attempt has written to its logs. */
  rotateLogs?(task: Task): void
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
