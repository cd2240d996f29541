/** The command queue port: commands in stream order, one of each job at a time, kept until their effect is in the log. */
import type { CommandQueue, QueuedCommand, Subscription } from '@dunlin/eventstore'
import type { Msg } from 'nats'
import { asDunlinError } from '../api.ts'
import type { Link } from '../connection.ts'
import { prefixLength, readReply, type Delivery } from '../follow/reply.ts'
import { headersOf } from '../header-bytes.ts'
import type { Publisher } from '../publisher.ts'
import { getStored } from '../stored.ts'
import { DEAD } from '../streams.ts'
import { deadSubject } from '../subjects.ts'
import { bury, deadLetter, problemOf } from './dead-letter.ts'
import { runIntake, type Intake } from './intake.ts'
import { createLanes } from './lanes.ts'

/** Well below the server's patience (`ack_wait` 30 s). */
const WORKING_EVERY_MS = 8_000
const ACK_TIMEOUT_MS = 2_000

/** Whose order matters: everything before the verb. */
const laneOf = (subject: string): string => subject.slice(0, subject.lastIndexOf('.'))

/** Confirmed where possible; a lost acknowledgement only brings the command back, and it is known then. */
const acknowledge = async (link: Link, message: Msg, verb: '+ACK' | '+TERM'): Promise<void> => {
  const to = message.reply ?? ''
  try {
    await link.nc.request(to, verb, { timeout: ACK_TIMEOUT_MS })
  } catch {
    // The consumer is gone or the connection was lost: another intake gets it again.
  }
}

const queued = (link: Link, dead: Publisher, message: Msg, created: string): QueuedCommand => {
  const delivery: Delivery = { streamSeq: 0, consumerSeq: 0, pending: 0, storedAtMs: 0 }
  const reply = message.reply ?? ''
  readReply(reply, prefixLength(reply), delivery)
  const headers = headersOf(message)
  const { subject, data } = message
  const msgId = headers['Nats-Msg-Id']
  return {
    subject,
    data,
    headers,
    created,
    seq: delivery.streamSeq,
    ...(msgId === undefined ? {} : { msgId }),
    done: () => acknowledge(link, message, '+ACK'),
    refused: async (commandId, problem) => {
      await bury(dead, deadLetter(subject, commandId, problem, data))
      await acknowledge(link, message, '+TERM')
    },
    working: () => {
      if (link.isLive()) link.nc.publish(reply, '+WPI')
    },
  }
}

export interface ClosableQueue extends CommandQueue {
  /** Hands the place as intake on at once; what is under way runs on. */
  close(): Promise<void>
}

export const createCommandQueue = (link: Link, dead: Publisher): ClosableQueue => {
  const intakes = new Set<Intake>()

  const consume = (handler: (command: QueuedCommand) => Promise<void>): Subscription => {
    const lanes = createLanes(handler)
    const intake = runIntake(link, {
      take: (message, created) => lanes.add(laneOf(message.subject), queued(link, dead, message, created)),
      lost: () => lanes.forget(),
    })
    intakes.add(intake)
    const timer = setInterval(() => {
      for (const command of lanes.held()) command.working()
    }, WORKING_EVERY_MS)
    timer.unref()
    return {
      stop: () => {
        clearInterval(timer)
        lanes.stop()
        void intake.stop().finally(() => intakes.delete(intake))
      },
    }
  }

  const refusal = async (commandId: string): Promise<Uint8Array | undefined> => {
    try {
      const stored = await getStored(link, DEAD, { last_by_subj: deadSubject(commandId) })
      return stored === undefined ? undefined : problemOf(stored.data)
    } catch (error) {
      throw asDunlinError(error)
    }
  }

  return {
    consume,
    refusal,
    close: async () => {
      await Promise.all([...intakes].map((intake) => intake.stop()))
    },
  }
}
