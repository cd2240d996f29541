/** Waits until nothing runs on a node that is being drained, and says on standard error what is still to stop. */
import type { Client } from '@dunlin/client'
import type { NodeView } from '@dunlin/contracts'
import { setTimeout as pause } from 'node:timers/promises'
import { exitCodes } from './exit-codes.ts'
import type { Io } from './io.ts'

const LOOK_EVERY_MS = 500

export interface DrainWait {
  readonly minSeq: number
  readonly timeoutMs: number
}

const textOf = ({ drain }: NodeView): string =>
  (drain?.left ?? [])
    .map(({ namespace, job, priority, turn }) => `${namespace}/${job} (priority ${priority}) ${turn}`)
    .join(', ')

/** 0 when nothing runs there, 4 when somebody ended the drain, 6 when it took too long. */
export const waitForDrain = async (
  client: Client,
  io: Io,
  id: string,
  { minSeq, timeoutMs }: DrainWait,
): Promise<number> => {
  const untilMono = performance.now() + timeoutMs
  let said = ''
  for (;;) {
    const node = await client.nodes.get(id, { min_seq: minSeq }, { signal: io.interrupted })
    if (node.drained) {
      io.err(`${id} is drained: nothing runs there\n`)
      return exitCodes.ok
    }
    if (node.drain === undefined) {
      io.err(`${id} is not being drained any more\n`)
      return exitCodes.conflict
    }
    const text = textOf(node)
    if (text !== said)
      io.err(
        `${id} waits for ${text}${node.drain.deadline_at === undefined ? '' : `, until ${node.drain.deadline_at}`}\n`,
      )
    said = text
    if (performance.now() > untilMono) {
      io.err(`${id} is not drained after ${timeoutMs / 1000} s; the drain goes on\n`)
      return exitCodes.waitTimedOut
    }
    await pause(LOOK_EVERY_MS, undefined, { signal: io.interrupted })
  }
}
