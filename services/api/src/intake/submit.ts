/** The one function behind every command: builds the domain's command, and lets the command handler decide and append. */
import {
  canonicalJson,
  contentHash,
  DunlinError,
  specHash,
  type Actor,
  type CommandOutcome,
  type JobId,
} from '@dunlin/contracts'
import { jobKeyText } from '@dunlin/contracts'
import { decideJob, type CommandHead, type FleetKinds, type JobCommand } from '@dunlin/domain'
import type { CommandHandler } from '@dunlin/eventstore'
import { jobSubject } from '@dunlin/nats'
import { sha256, type Clock, type Random } from '@dunlin/runtime'
import type { ApiState } from '../state/api-state.ts'
import type { Accepted } from './answer.ts'
import type { ParsedCommand } from './commands.ts'

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

export interface SubmitOptions {
  readonly state: ApiState
  readonly handler: CommandHandler<FleetKinds>
  readonly clock: Clock
  readonly random: Random
  /** False when the log takes nothing that could wait (see `state/log-health.ts`). */
  readonly hasRoom: () => boolean
}

/** The command's own words, without when and by whom: what must be equal when an id is used again. */
const bodyHash = (command: ParsedCommand): string => {
  const { verb, key, reason } = command
  const own = verb === 'apply' ? { spec: command.spec } : verb === 'delete' ? { force: command.force } : {}
  return sha256(canonicalJson({ verb, key, reason, ...own }))
}

export const createSubmit = ({ state, handler, clock, random, hasRoom }: SubmitOptions): Submit => {
  const jobCommand = (command: ParsedCommand, head: CommandHead): JobCommand => {
    const reason = command.reason === undefined ? {} : { reason: command.reason }
    if (command.verb === 'stop') return { ...head, ...reason, verb: 'stop' }
    if (command.verb === 'delete') return { ...head, ...reason, verb: 'delete', force: command.force }
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
    const decided = jobCommand(command, head)
    const key = jobKeyText(command.key)
    let outcome: CommandOutcome | undefined
    const result = await handler.handle({
      kind: 'job',
      key,
      subject: jobSubject(command.key),
      command: { id, by: actor, at, ...remembered },
      decide: ({ state: job }) => {
        const decision = decideJob(job, decided)
        // A repeat writes nothing, and is answered as before.
        if (decision.ok && command.verb === 'apply' && decision.commits.length > 0 && !hasRoom())
          return { ok: false, error: new DunlinError('log_full', 'The log is nearly full: specs are not taken.') }
        if (decision.ok) outcome = decision.result
        return decision
      },
    })
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
