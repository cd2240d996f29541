/** The commits of a report subject: bytes out, and enough of them in to know who wrote the last one. */
import { COMMIT_SCHEMA, nodeActor, type BootId, type NodeId, type ReportEvent } from '@dunlin/contracts/agent'

export const encodeReport = (
  node: NodeId,
  boot: BootId,
  v: number,
  at: number,
  ev: readonly ReportEvent[],
): Uint8Array =>
  new TextEncoder().encode(
    JSON.stringify({ s: COMMIT_SCHEMA, v, cmd: `${boot}/${v}`, by: nodeActor(node), at: Math.round(at), ev }),
  )

export interface LastReport {
  readonly boot: string
  readonly v: number
  /** The highest counter of each journal that the commit names. */
  readonly journals: ReadonlyMap<string, number>
}

/** Undefined when the bytes are no report of this node: the centre passes them over, and so does the agent. */
export const readReport = (node: NodeId, data: Uint8Array): LastReport | undefined => {
  try {
    const commit = JSON.parse(new TextDecoder().decode(data)) as { cmd?: unknown; by?: unknown; ev?: unknown }
    if (commit.by !== nodeActor(node)) return undefined
    const [boot, v] = typeof commit.cmd === 'string' ? commit.cmd.split('/') : []
    if (boot === undefined || v === undefined || !Array.isArray(commit.ev)) return undefined
    const journals = new Map<string, number>()
    for (const { journal, j } of commit.ev as { journal?: unknown; j?: unknown }[]) {
      if (typeof journal !== 'string' || typeof j !== 'number') continue
      journals.set(journal, Math.max(j, journals.get(journal) ?? 0))
    }
    return { boot, v: Number(v), journals }
  } catch {
    return undefined
  }
}
