/** What callers of the command handler say and hear. */
import type { Actor, DunlinError } from '@dunlin/contracts/agent'
import type { Aggregate } from '../aggregate.ts'
import type { AnyEvent } from '../any-commit.ts'
import type { StoreClock } from '../clock.ts'
import type { Fold, Kinds } from '../fold/types.ts'
import type { ObjectStore } from '../kv.ts'
import type { Log } from '../log.ts'

/** Who asks for the decision, and when; goes into the commit's envelope as it is. */
export interface CommandEnvelope {
  /** Command id; ids derived by the system start with "~". */
  readonly id: string
  readonly by: Actor
  /** Milliseconds since the epoch; the commit gets max(this, `at` of the subject's last commit). */
  readonly at: number
  /** SHA-256 of the command's canonical body, when the caller chose the id. */
  readonly req?: string
  /** Position in COMMANDS, when it came by subject. */
  readonly src?: { readonly created: string; readonly seq: number }
  readonly cause?: { readonly seq: number; readonly cmd: string }
  readonly traceparent?: string
}

/** One list of events per commit; several are the parts of one decision. An empty list writes nothing. */
export type Decision =
  | { readonly ok: true; readonly commits: readonly (readonly AnyEvent[])[] }
  | { readonly ok: false; readonly error: DunlinError }

export interface HandleRequest<S> {
  readonly subject: string
  readonly kind: string
  readonly key: string
  readonly command: CommandEnvelope
  /** Pure; called again after a conflict with the newer aggregate. It must not keep or change the state. */
  readonly decide: (aggregate: Aggregate<S>) => Decision
}

export type HandleResult<S> =
  | {
      readonly ok: true
      /** Sequence and version of the last commit of this command; of the aggregate when nothing was written. */
      readonly seq: number
      readonly v: number
      /** How many commits of this command are in the log by this call. */
      readonly committed: number
      /** Live view of the aggregate, as the fold has it now. */
      readonly aggregate: Aggregate<S>
    }
  | { readonly ok: false; readonly error: DunlinError }

export interface HandlerLimits {
  /** Largest body of a commit; the server's limit less its headers. */
  readonly maxCommitBytes: number
  /** Decisions of one command before `log_busy`. */
  readonly maxAttempts: number
  /** How long a conflict waits for the follower before the subject's tail is read. */
  readonly followerPatienceMs: number
}

export const HANDLER_LIMITS: HandlerLimits = {
  maxCommitBytes: 1024 * 1024 - 4096,
  maxAttempts: 16,
  followerPatienceMs: 20,
}

export interface CommandHandlerOptions<K extends Kinds> {
  readonly log: Pick<Log, 'append' | 'read' | 'at' | 'last'>
  readonly fold: Fold<K>
  readonly sha256: (data: string | Uint8Array) => string
  readonly clock: StoreClock
  /** For a tail that holds a checkpoint: where its state lies. Without it the follower has to deliver it. */
  readonly archive?: Pick<ObjectStore, 'get'>
  readonly limits?: Partial<HandlerLimits>
}

export interface CommandHandler<K extends Kinds> {
  /**
   * Decides and appends; decisions on one subject run one after another. Never rejects: what went wrong is in the
   * result, as an error of the catalogue. After a retryable error the commits may or may not be in the log: the same
   * command id may be sent again.
   */
  handle<N extends keyof K & string>(request: HandleRequest<K[N]> & { readonly kind: N }): Promise<HandleResult<K[N]>>
  /** How many commands wait or are under way. */
  readonly pending: number
}
