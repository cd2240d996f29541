/**
 * What a delivered message's reply subject tells: sequences, time, how many follow.
 *   $JS.ACK.<stream>.<consumer>.<delivered>.<stream seq>.<consumer seq>.<time ns>.<pending>
 *   $JS.ACK.<domain>.<account>.<stream>.<consumer>.<delivered>.<stream seq>.<consumer seq>.<time ns>.<pending>[.<token>]
 * Everything up to <delivered> is the same for all messages of a consumer, so its length is found once.
 */

export interface Delivery {
  streamSeq: number
  consumerSeq: number
  pending: number
  storedAtMs: number
}

/** Length of the part before `<delivered>`, with its dot; -1 when this is no such subject. */
export const prefixLength = (reply: string): number => {
  const tokens = reply.split('.')
  if (tokens[0] !== '$JS' || tokens[1] !== 'ACK') return -1
  const before = tokens.length === 9 ? 4 : tokens.length >= 11 ? 6 : -1
  return before < 0 ? -1 : tokens.slice(0, before).join('.').length + 1
}

/** Reads into `out`, which is reused for every message; false when the subject has another form. */
export const readReply = (reply: string, prefix: number, out: Delivery): boolean => {
  const seqAt = reply.indexOf('.', prefix) + 1
  let value = 0
  let field = 0
  let digits = 0
  for (let i = seqAt; i <= reply.length; i++) {
    const digit = i === reply.length ? -2 : reply.charCodeAt(i) - 48
    if (digit >= 0 && digit <= 9) {
      // Nanoseconds since 1970 do not fit a number; their first 13 digits are milliseconds.
      if (field !== 2 || digits < 13) value = value * 10 + digit
      digits++
      continue
    }
    if (digit !== -2 || digits === 0) return false
    if (field === 0) out.streamSeq = value
    else if (field === 1) out.consumerSeq = value
    else if (field === 2) out.storedAtMs = value
    else {
      out.pending = value
      return true
    }
    field++
    value = 0
    digits = 0
  }
  return false
}
