/** What the leader of a stream says about it. */
import { apiRequest } from './api.ts'
import type { Link } from './connection.ts'

export interface StreamInfoAnswer {
  readonly created: string
  readonly config: { readonly max_bytes: number }
  readonly state: {
    readonly first_seq: number
    readonly last_seq: number
    readonly messages: number
    readonly bytes: number
  }
}

/** From the stream's leader. */
export const streamInfo = (link: Link, stream: string): Promise<StreamInfoAnswer> =>
  apiRequest<StreamInfoAnswer>(link, `STREAM.INFO.${stream}`)
