/** What people and `rpc` are shown of each probe. */
import type { ProbeKind, ProbeState } from '@dunlin/domain/agent'

export type ProbeView = {
  readonly [Kind in ProbeKind]?: ProbeState & { readonly message?: string; readonly at?: number }
}
