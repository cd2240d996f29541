/**
 * Which node has joined with a key, by the log as far as it is folded here. It finds keys from before keys had subjects of
 * their own, and refuses a second id before a use of a token is taken; of two that come at once the key's subject decides.
 */
import type { NodeState } from '@dunlin/domain'

export interface KeyHolders {
  nodeChanged(id: string, node: NodeState): void
  readonly holderOf: (publicKey: string) => string | undefined
  clear(): void
}

export const createKeyHolders = (): KeyHolders => {
  const byKey = new Map<string, string>()
  const byNode = new Map<string, string>()
  return {
    nodeChanged: (id, { identity }) => {
      const before = byNode.get(id)
      if (before === identity?.publicKey) return
      if (before !== undefined && byKey.get(before) === id) byKey.delete(before)
      if (identity === undefined) return void byNode.delete(id)
      byNode.set(id, identity.publicKey)
      // The first one keeps it, should there be two from before.
      if (!byKey.has(identity.publicKey)) byKey.set(identity.publicKey, id)
    },
    holderOf: (publicKey) => byKey.get(publicKey),
    clear: () => {
      byKey.clear()
      byNode.clear()
    },
  }
}
