/**
 * Keeps the server refusing every key that the log calls revoked. A level, not an event: whatever was missed (this process
 * was down, the server was replaced) is told when it starts, whenever a node's subject changes, and by a look now and then.
 */
import type { NodeState } from '@dunlin/domain'
import type { Claims } from '@dunlin/nats/auth'
import { createPump, every, type Clock, type Logger, type Timer } from '@dunlin/runtime'
import type { OneAtATime } from './one-at-a-time.ts'

export interface Revocations {
  /** A node's subject was folded. */
  nodeChanged(node: NodeState): void
  /** The key was some node's and is refused, whatever the node that shows it now is called. */
  refuses(publicKey: string): boolean
  /** The log was read to its end: from now on the server is told. */
  begin(nodes: Iterable<NodeState>): void
  stop(): Promise<void>
}

const RETRY_MS = 1_000
/** A server that came back without what it was told takes refused keys for this long. */
const LOOK_EVERY_MS = 30_000

/** @param alone of several instances one reads and writes the claims at a time */
export const keepRevocations = (
  claims: Claims,
  clock: Clock,
  logger: Logger,
  alone: OneAtATime = (work) => work(),
): Revocations => {
  const keys = new Set<string>()
  let begun = false
  let looking: Timer | undefined

  const pump = createPump(clock, logger, async () => {
    try {
      if (await alone(() => claims.revoke(new Set(keys))))
        logger.info('the server was told of revoked keys', { keys: keys.size })
    } catch (error) {
      logger.warn('the server was not told of revoked keys yet', { error: String(error) })
      pump.wake(RETRY_MS)
    }
  })
  const add = (node: NodeState): void => {
    for (const key of node.revokedKeys) keys.add(key)
  }
  return {
    refuses: (publicKey) => keys.has(publicKey),
    nodeChanged: (node) => {
      const before = keys.size
      add(node)
      if (begun && keys.size > before) pump.wake()
    },
    begin: (nodes) => {
      for (const node of nodes) add(node)
      begun = true
      pump.wake()
      looking ??= every(clock, LOOK_EVERY_MS, () => {
        if (keys.size > 0) pump.wake()
      })
    },
    stop: () => {
      looking?.cancel()
      return pump.stop()
    },
  }
}
