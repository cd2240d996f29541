/** Commands to a job after their body was understood: one type for HTTP and for subjects. */
import {
  applyBodySchema,
  deleteBodySchema,
  DunlinError,
  jobVerbs,
  plainBodySchema,
  rollbackBodySchema,
  type JobKey,
  type JobSpec,
  type Warning,
} from '@dunlin/contracts'
import { readBody } from './read-body.ts'
import { specFromValue } from './spec.ts'

interface Common {
  readonly key: JobKey
  readonly reason?: string | undefined
  /** Milliseconds since the epoch. */
  readonly notAfterMs?: number | undefined
  /** Who the sender claims to be. */
  readonly claimedActor?: string | undefined
}
export type ParsedCommand =
  | (Common & { readonly verb: 'apply'; readonly spec: JobSpec; readonly warnings: readonly Warning[] })
  | (Common & { readonly verb: 'stop' | 'pause' | 'resume' | 'promote' | 'halt' | 'rerun' })
  | (Common & { readonly verb: 'rollback'; readonly version?: number | undefined; readonly whole: boolean })
  | (Common & { readonly verb: 'delete'; readonly force: boolean })

const common = (
  key: JobKey,
  body: {
    readonly reason?: string | undefined
    readonly not_after?: string | undefined
    readonly actor?: string | undefined
  },
): Common => ({
  key,
  reason: body.reason,
  notAfterMs: body.not_after === undefined ? undefined : Date.parse(body.not_after),
  claimedActor: body.actor,
})

/** Throws unknown_verb, invalid_command, not_built, invalid_spec, literal_secret or subject_mismatch. */
export const parseCommand = (key: JobKey, verb: string, body: unknown): ParsedCommand => {
  switch (verb) {
    case 'apply': {
      const read = readBody(applyBodySchema, body)
      const { spec, warnings } = specFromValue(read.spec)
      if (spec.namespace !== key.namespace || spec.name !== key.name)
        throw new DunlinError('subject_mismatch', undefined, {
          data: { subject: key, spec: { namespace: spec.namespace, name: spec.name } },
        })
      return { ...common(key, read), verb, spec, warnings }
    }
    case 'stop':
    case 'pause':
    case 'resume':
    case 'promote':
    case 'halt':
    case 'rerun':
      return { ...common(key, readBody(plainBodySchema, body)), verb }
    case 'rollback': {
      const read = readBody(rollbackBodySchema, body)
      return { ...common(key, read), verb, version: read.version, whole: read.whole ?? false }
    }
    case 'delete': {
      const read = readBody(deleteBodySchema, body)
      return { ...common(key, read), verb, force: read.force ?? false }
    }
    default:
      throw new DunlinError('unknown_verb', `There is no command ${JSON.stringify(verb)}.`, {
        hint: `Commands are ${jobVerbs.join(', ')}.`,
      })
  }
}
