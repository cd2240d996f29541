/** The one function behind every command: builds the domain's command, and lets the command handler decide and append. */
import {
  canonicalJson,
  contentHash,
  DunlinError,
  specHash,
  type Actor,
  type CommandOutcome,
  type JobId,
  type Sha256,
} from '@dunlin/contracts'
import { jobKeyText } from '@dunlin/contracts'
import { decideJob, specOfStored, type CommandHead, type FleetKinds, type Job, type JobCommand } from '@dunlin/domain'
import type { CommandHandler, HandleResult } from '@dunlin/eventstore'
import { jobSubject } from '@dunlin/nats'
import { sha256, type Clock, type Random } from '@dunlin/runtime'
import type { ApiState } from '../state/api-state.ts'
import type { Accepted } from './answer.ts'
import type { ParsedCommand } from './commands.ts'
import { resolveRollback, type RollbackReader } from './roll-back-to.ts'

/** What goes with a command, whichever way it came. */
export interface Envelope {
  /** Chosen by the caller; absent = one is made, and not remembered. */
  readonly id?: string | undefined
  readonly actor: Actor
  /** Position in COMMANDS, when it came by subject. */
  readonly source?: { readonly created: string; readonly seq: number }
  /** If-Match */
  readonly expected?: CommandHead['expected'] | undefined
}

/** Throws the refusal, or a retryable error of the log; nothing was written when it is a refusal. */
export type Submit = (command: ParsedCommand, envelope: Envelope) => Promise<Accepted>

export interface SubmitOptions extends RollbackReader {
  readonly state: ApiState
  readonly handler: CommandHandler<FleetKinds>
  readonly clock: Clock
  readonly random: Random
  /** False when the log takes nothing that could wait (see `state/log-health.ts`). */
  readonly hasRoom: () => boolean
}

type Rollback = Extract<ParsedCommand, { verb: 'rollback' }>
type Decide = (job: Job) => ReturnType<typeof decideJob>

/** What makes nodes work, and so the log longer. Stopping, halting and going back must be possible in a full log. */
const wantRoom: ReadonlySet<ParsedCommand['verb']> = new Set(['apply', 'rerun', 'resume', 'promote'])
/** How often a rollback is worked out again because the job got another version in between. */
const MAX_RESOLVED = 8

/** The command's own words, without when and by whom: what must be equal when an id is used again. */
const bodyHash = (command: ParsedCommand): string => {
  const { verb, key, reason } = command
  return sha256(canonicalJson({ verb, key, reason, ...ownWords(command) }))
}

const ownWords = (command: ParsedCommand): Readonly<Record<string, unknown>> => {
  switch (command.verb) {
    case 'apply':
      return { spec: command.spec }
    case 'delete':
      return { force: command.force }
    case 'rollback':
      return { version: command.version, whole: command.whole }
    default:
      return {}
  }
}

const versionOf = ({ versions }: Job): number => (versions.is === 'present' ? versions.version : 0)

export const createSubmit = (options: SubmitOptions): Submit => {
  const { state, handler, clock, random, hasRoom, log, archive } = options

  const jobCommand = (command: Exclude<ParsedCommand, Rollback>, head: CommandHead): JobCommand => {
    const reason = command.reason === undefined ? {} : { reason: command.reason }
    if (command.verb === 'delete') return { ...head, ...reason, verb: 'delete', force: command.force }
    if (command.verb === 'stop') return { ...head, ...reason, verb: 'stop' }
    if (command.verb !== 'apply') return { ...head, ...reason, verb: command.verb }
    const { spec } = command
    return {
      ...head,
      verb: 'apply',
      spec: { ...spec },
      specHash: specHash(spec, sha256),
      content: contentHash(spec, sha256),
      newJobId: random.ulid(head.at) as JobId,
    }
  }

  /** Decides what was worked out from version `basedOn` of the job; `moved` is called when that is not the version any more. */
  const decideRollback = async (
    command: Rollback,
    head: CommandHead,
    moved: () => void,
  ): Promise<{ readonly decide: Decide }> => {
    const known = state.job(command.key)?.state
    const basedOn = known === undefined ? 0 : versionOf(known)
    const resolved = await resolveRollback({ log, archive }, command.key, known, command)
    const found = resolved instanceof DunlinError ? undefined : resolved
    const reason = command.reason === undefined ? {} : { reason: command.reason }
    const spec = specOfStored(found?.spec ?? {})
    const decided: JobCommand = {
      ...head,
      ...reason,
      verb: 'rollback',
      toVersion: found?.toVersion ?? 0,
      spec: { ...spec },
      specHash: found === undefined ? ('' as Sha256) : specHash(spec, sha256),
      content: found === undefined ? ('' as Sha256) : contentHash(spec, sha256),
    }
    return {
      decide: (job) => {
        const decision = decideJob(job, decided)
        // A refusal and a repeat are the same whatever the target is.
        if (!decision.ok || decision.commits.length === 0) return decision
        if (versionOf(job) !== basedOn) {
          moved()
          return { ok: false, error: new DunlinError('log_busy', 'The job got another version meanwhile.') }
        }
        return resolved instanceof DunlinError ? { ok: false, error: resolved } : decision
      },
    }
  }

  return async (command, envelope) => {
    const at = clock.nowMs()
    const { id = `~api.${random.ulid(at)}`, actor, source, expected } = envelope
    const req = envelope.id === undefined ? undefined : bodyHash(command)
    const remembered = { ...(req === undefined ? {} : { req }), ...(source === undefined ? {} : { src: source }) }
    const head: CommandHead = {
      id,
      at,
      ...remembered,
      ...(expected === undefined ? {} : { expected }),
      ...(command.notAfterMs === undefined ? {} : { notAfter: command.notAfterMs }),
    }
    const key = jobKeyText(command.key)
    let outcome: CommandOutcome | undefined
    const handle = (decide: Decide): Promise<HandleResult<Job>> =>
      handler.handle({
        kind: 'job',
        key,
        subject: jobSubject(command.key),
        command: { id, by: actor, at, ...remembered },
        decide: ({ state: job }) => {
          const decision = decide(job)
          // A repeat writes nothing, and is answered as before.
          if (decision.ok && wantRoom.has(command.verb) && decision.commits.length > 0 && !hasRoom())
            return { ok: false, error: new DunlinError('log_full', `The log is nearly full: ${command.verb} waits.`) }
          if (decision.ok) outcome = decision.result
          return decision
        },
      })
    const rollBack = async (): Promise<HandleResult<Job>> => {
      for (let left = MAX_RESOLVED; ; left -= 1) {
        let moved = false
        const { decide } = await decideRollback(command as Rollback, head, () => (moved = true))
        const result = await handle(decide)
        if (!moved || left === 1) return result
      }
    }
    const result = command.verb === 'rollback' ? await rollBack() : await handle(decideAs(jobCommand(command, head)))
    if (!result.ok) throw result.error
    if (outcome === undefined) throw new DunlinError('internal', 'A decision without an outcome was accepted.')
    // A repeated command is answered with the sequence of its first commit.
    const seq = state.fold.get('job', key)?.state.commands.byId.get(id)?.seq ?? result.seq
    return {
      commandId: id,
      key: command.key,
      seq,
      jobId: outcome.jobId,
      version: outcome.version,
      revision: outcome.revision,
      unchanged: outcome.unchanged,
      warnings: command.verb === 'apply' ? command.warnings : [],
    }
  }
}

const decideAs =
  (command: JobCommand): Decide =>
  (job) =>
    decideJob(job, command)
