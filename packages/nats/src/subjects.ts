/**
 * Every subject by name: the only place that spells them. docs/protocol.md lists them for people. All functions are
 * total on what the schemas of @dunlin/contracts let through, except that a job's key may be too long (`checkJobKey`).
 */
import { createHash } from 'node:crypto'
import { DunlinError, jobKeyText, type JobKey } from '@dunlin/contracts/agent'
import { decodeToken, encodeToken, tokenLength } from './token.ts'

/** Subjects stay below 255 bytes, because file systems, dashboards and permissions of others end there. */
export const MAX_SUBJECT_LENGTH = 254
/** Longest verb that a command's subject may hold. */
export const MAX_VERB_LENGTH = 16
/** What the tokens of a namespace and a name may measure together, so that `cmd.job.<ns>.<name>.<verb>` fits. */
export const MAX_JOB_KEY_LENGTH = MAX_SUBJECT_LENGTH - 'cmd.job.'.length - 2 - MAX_VERB_LENGTH
/** Longest token of a command id; a longer one is replaced by a digest (`commandToken`). */
export const MAX_COMMAND_TOKEN_LENGTH = MAX_SUBJECT_LENGTH - 'outcome.'.length

export const LOG_SUBJECT = 'evt.log'
/** What a scheduler has heard of nodes: a request, answered by any that hears. */
export const HEARD = 'svc.scheduler.heard'
export const HEARTBEATS = 'hb.>'
export const HEARTBEAT_SHARDS = 64
/** All commands, and the two kinds of them. */
export const COMMANDS = 'cmd.>'
/** Every agent's questions for newer documents. */
export const FRESH = 'fresh.*'

/** Says why a job's key cannot stand in a subject; undefined when it can. */
export const checkJobKey = (key: JobKey): string | undefined => {
  const namespace = tokenLength(key.namespace)
  const name = tokenLength(key.name)
  if (Number.isNaN(namespace + name)) return 'Namespace and name must be valid Unicode.'
  if (namespace === 0 || name === 0) return 'Namespace and name must not be empty.'
  if (namespace + name > MAX_JOB_KEY_LENGTH)
    return `Namespace and name measure ${namespace + name} characters in a subject; ${MAX_JOB_KEY_LENGTH} fit.`
  return undefined
}

const jobTokens = (key: JobKey): string => {
  const problem = checkJobKey(key)
  if (problem !== undefined) throw new DunlinError('invalid_subject', problem)
  return `${encodeToken(key.namespace)}.${encodeToken(key.name)}`
}

/** Throws `invalid_subject` when the key is too long, empty or not Unicode. */
export const jobSubject = (key: JobKey): string => `evt.job.${jobTokens(key)}`
export const nodeSubject = (nodeId: string): string => `evt.node.${encodeToken(nodeId)}`
export const tokenSubject = (tokenId: string): string => `evt.token.${encodeToken(tokenId)}`
export const reportSubject = (nodeId: string): string => `evt.report.${encodeToken(nodeId)}`

export type LogSubject =
  | { readonly kind: 'job'; readonly key: string }
  | { readonly kind: 'node'; readonly key: string }
  | { readonly kind: 'token'; readonly key: string }
  | { readonly kind: 'report'; readonly key: string }
  | { readonly kind: 'log'; readonly key: 'log' }

const nodeKey = (token: string): string | undefined => (token.includes('.') ? undefined : decodeToken(token))

/** Which aggregate a subject of the log belongs to; `key` is `jobKeyText` for jobs. Undefined for foreign subjects. */
export const parseLogSubject = (subject: string): LogSubject | undefined => {
  if (subject.startsWith('evt.job.')) {
    const key = parseKey(subject.slice(8))
    return key === undefined ? undefined : { kind: 'job', key: jobKeyText(key) }
  }
  if (subject.startsWith('evt.node.')) {
    const key = nodeKey(subject.slice(9))
    return key === undefined ? undefined : { kind: 'node', key }
  }
  if (subject.startsWith('evt.token.')) {
    const key = nodeKey(subject.slice(10))
    return key === undefined ? undefined : { kind: 'token', key }
  }
  if (subject.startsWith('evt.report.')) {
    const key = nodeKey(subject.slice(11))
    return key === undefined ? undefined : { kind: 'report', key }
  }
  return subject === LOG_SUBJECT ? { kind: 'log', key: 'log' } : undefined
}

const parseKey = (tokens: string): JobKey | undefined => {
  const cut = tokens.indexOf('.')
  if (cut < 0 || tokens.includes('.', cut + 1)) return undefined
  const namespace = decodeToken(tokens.slice(0, cut))
  const name = decodeToken(tokens.slice(cut + 1))
  return namespace === undefined || name === undefined ? undefined : { namespace, name }
}

export type CommandSubject =
  | { readonly kind: 'job'; readonly key: JobKey; readonly verb: string }
  | { readonly kind: 'node'; readonly nodeId: string; readonly verb: string }

/** `cmd.job.<ns>.<name>.<verb>` */
export const commandSubject = (key: JobKey, verb: string): string => `cmd.job.${jobTokens(key)}.${encodeToken(verb)}`
/** `cmd.node.<nodeId>.<verb>` */
export const nodeCommandSubject = (nodeId: string, verb: string): string =>
  `cmd.node.${encodeToken(nodeId)}.${encodeToken(verb)}`

/** Undefined when a client published something that is no command of ours; whether the verb exists is not asked here. */
export const parseCommandSubject = (subject: string): CommandSubject | undefined => {
  const cut = subject.lastIndexOf('.')
  const verb = decodeToken(subject.slice(cut + 1))
  if (verb === undefined) return undefined
  if (subject.startsWith('cmd.job.')) {
    const key = parseKey(subject.slice(8, cut))
    return key === undefined || checkJobKey(key) !== undefined ? undefined : { kind: 'job', key, verb }
  }
  if (subject.startsWith('cmd.node.')) {
    const nodeId = nodeKey(subject.slice(9, cut))
    return nodeId === undefined ? undefined : { kind: 'node', nodeId, verb }
  }
  return undefined
}

export const desiredSubject = (nodeId: string): string => `desired.${encodeToken(nodeId)}`
/** Where the server republishes a desired document as soon as it is stored. */
export const doorbellSubject = (nodeId: string): string => `doorbell.${encodeToken(nodeId)}`
export const specSubject = (contentHash: string): string => `spec.${encodeToken(contentHash)}`

/** Asks the centre for a content by its hash; only nodes with an account of their own do. */
export const contentSubject = (contentHash: string): string =>
  `content.${contentHash === '*' ? '*' : encodeToken(contentHash)}`
/** Where the answers to a node's own questions arrive. */
export const nodeInbox = (nodeId: string): string => `_INBOX_${encodeToken(nodeId)}`

/** 0..63 by FNV-1a, so that listeners can share the heartbeats of a fleet by shard. */
export const heartbeatShard = (nodeId: string): number => {
  let hash = 0x811c9dc5
  for (let i = 0; i < nodeId.length; i++) hash = Math.imul(hash ^ nodeId.charCodeAt(i), 0x01000193)
  return (hash >>> 0) % HEARTBEAT_SHARDS
}
export const heartbeatSubject = (nodeId: string): string => `hb.${heartbeatShard(nodeId)}.${encodeToken(nodeId)}`
/** The node of a heartbeat's subject. */
export const parseHeartbeatSubject = (subject: string): string | undefined => {
  const [kind, , token, ...rest] = subject.split('.')
  return kind === 'hb' && token !== undefined && rest.length === 0 ? decodeToken(token) : undefined
}

export const rpcSubject = (nodeId: string, method: string): string =>
  `rpc.${encodeToken(nodeId)}.${encodeToken(method)}`
export const freshSubject = (nodeId: string): string => `fresh.${encodeToken(nodeId)}`

/**
 * The token of a command id. Ids of up to 200 odd characters may triple in length; beyond the limit the token is
 * `=sha256-<hex>` of the id, which no name encodes to ("=s" is not hex).
 */
export const commandToken = (commandId: string): string => {
  const length = tokenLength(commandId)
  if (length > 0 && length <= MAX_COMMAND_TOKEN_LENGTH) return encodeToken(commandId)
  return `=sha256-${createHash('sha256').update(commandId).digest('hex')}`
}
export const outcomeSubject = (commandId: string): string => `outcome.${commandToken(commandId)}`
export const deadSubject = (commandId: string): string => `dead.${commandToken(commandId)}`
