/**
 * What a node's credential may do: its own subjects, and nothing with a wildcard that a node could fill in.
 *
 * A server does not compare the reply subject of a message with its sender's permissions, and JetStream answers wherever
 * the sender says. So with one account for all, a node could have the server write whatever stands in its own report, to
 * any subject of anybody. Therefore nodes have an account of their own (`accounts.ts`): answers to them stay in it, and
 * `guard.ts` makes nodes deaf to what such an answer could pretend to be. For the same reason there are no
 * `allow_responses`: a node that may answer wherever it was asked from may ask itself, with any reply subject.
 */
import type { Permissions } from '@nats-io/jwt'
import {
  contentSubject,
  desiredSubject,
  doorbellSubject,
  heartbeatSubject,
  nodeInbox,
  reportSubject,
  rpcSubject,
} from '../subjects.ts'
import { DESIRED, EVENTS } from '../streams.ts'

export const directGet = (stream: string, subject: string): string => `$JS.API.DIRECT.GET.${stream}.${subject}`

/** Replies to the centre's questions: the server makes these subjects, each for one question. */
const REPLIES = '_R_.>'

export const nodePermissions = (node: string): Permissions => ({
  pub: {
    allow: [
      reportSubject(node),
      heartbeatSubject(node),
      directGet(EVENTS, reportSubject(node)),
      directGet(DESIRED, desiredSubject(node)),
      contentSubject('*'),
      // Is there a second agent with this identity?
      rpcSubject(node, 'boot'),
      `${nodeInbox(node)}.>`,
      REPLIES,
    ],
  },
  sub: { allow: [doorbellSubject(node), `rpc.${node}.>`, `${nodeInbox(node)}.>`] },
})
