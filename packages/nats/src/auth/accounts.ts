/**
 * The two accounts. DUNLIN holds the streams and the services; NODES holds the nodes, and reaches DUNLIN only through what
 * is listed here. Answers to a node are delivered in NODES, whatever reply subject it has given.
 */
import type { Account, Export, Import, OperatorLimits } from '@nats-io/jwt'
import { DESIRED, EVENTS } from '../streams.ts'
import { directGet } from './node-permissions.ts'

/** What nodes ask of the centre. */
const asked = ['evt.report.*', directGet(EVENTS, 'evt.report.*'), directGet(DESIRED, 'desired.*'), 'content.*']
/** What the centre sends to nodes, without an answer. */
const SENT = 'doorbell.*'
/** What nodes send to the centre, without an answer. */
const HEARD = 'hb.*.*'
/** What the centre asks of nodes; many answers are possible. */
const QUESTIONS = 'rpc.*.>'

const unlimited: OperatorLimits = {
  conn: -1,
  subs: -1,
  data: -1,
  payload: -1,
  imports: -1,
  exports: -1,
  leaf: -1,
  wildcards: true,
}
const withStreams: OperatorLimits = { ...unlimited, mem_storage: -1, disk_storage: -1, streams: -1, consumer: -1 }

const service = (subject: string): Export => ({ name: subject, subject, type: 'service', response_type: 'Singleton' })
const stream = (subject: string): Export => ({ name: subject, subject, type: 'stream' })
const imported = (one: Export, account: string): Import => ({
  name: one.name,
  subject: one.subject,
  type: one.type,
  account,
})

/** Public keys of the accounts. */
export interface AccountKeys {
  readonly dunlin: string
  readonly nodes: string
}

export const systemAccount = (): Partial<Account> => ({ limits: unlimited })

export const dunlinAccount = ({ nodes }: AccountKeys): Partial<Account> => ({
  limits: withStreams,
  exports: [...asked.map(service), stream(SENT)],
  imports: [imported(stream(HEARD), nodes), imported(service(QUESTIONS), nodes)],
})

/** Credentials that were issued up to here are refused: any that a key ever had or will have. */
const FOR_EVER = 4_102_444_800

export const nodesAccount = ({ dunlin }: AccountKeys, revokedKeys: readonly string[]): Partial<Account> => ({
  limits: unlimited,
  exports: [stream(HEARD), { ...service(QUESTIONS), response_type: 'Stream' }],
  imports: [...asked.map((subject) => imported(service(subject), dunlin)), imported(stream(SENT), dunlin)],
  ...(revokedKeys.length === 0
    ? {}
    : { revocations: Object.fromEntries(revokedKeys.toSorted().map((key) => [key, FOR_EVER])) }),
})
