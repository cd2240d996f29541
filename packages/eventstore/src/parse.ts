/**
 * Bytes to JSON, many messages at once: bodies are copied into one buffer as a JSON array, decoded and parsed once
 * (docs: measured, about a tenth faster than one by one). Between two bodies stands a separator that no writer can
 * guess, and every one must come out at its place: so a body that holds half a value or two of them cannot shift or
 * swallow its neighbours. A block that does not come out right is read one by one.
 */
const BLOCK_BYTES = 192 * 1024
/** A block costs more than it saves below this many messages. */
const SMALLEST_BLOCK = 4

/** Not predictable from outside the process; it never shows in a result. */
const SEPARATOR = 100_000_000 + ((globalThis.crypto.getRandomValues(new Uint32Array(1))[0] ?? 0) % 900_000_000)
const JOINT = Buffer.from(`,${SEPARATOR},`)
const OPEN = 0x5b
const CLOSE = 0x5d

const asBuffer = (data: Uint8Array): Buffer => Buffer.from(data.buffer, data.byteOffset, data.byteLength)

/** The JSON value of one body; undefined (which JSON cannot say) when it is not JSON. */
export const parseOne = (data: Uint8Array): unknown => {
  try {
    return JSON.parse(asBuffer(data).toString('utf8'))
  } catch {
    return undefined
  }
}

const parseOneByOne = (bodies: readonly Uint8Array[], from: number, to: number, into: unknown[]): void => {
  for (let i = from; i < to; i++) into.push(parseOne(bodies[i] as Uint8Array))
}

let scratch = Buffer.allocUnsafe(BLOCK_BYTES + 16)

const parseBlock = (bodies: readonly Uint8Array[], from: number, to: number, bytes: number, into: unknown[]): void => {
  const needed = bytes + (to - from) * JOINT.length + 2
  if (scratch.length < needed) scratch = Buffer.allocUnsafe(needed)
  let at = 0
  scratch[at++] = OPEN
  for (let i = from; i < to; i++) {
    const body = bodies[i] as Uint8Array
    scratch.set(body, at)
    at += body.byteLength
    scratch.set(JOINT, at)
    at += JOINT.length
  }
  // The last separator stays, its comma becomes the end of the array.
  scratch[at - 1] = CLOSE
  let values: unknown[]
  try {
    values = JSON.parse(scratch.toString('utf8', 0, at)) as unknown[]
  } catch {
    return parseOneByOne(bodies, from, to, into)
  }
  const count = to - from
  let whole = values.length === count * 2
  for (let i = 0; whole && i < count; i++) whole = values[i * 2 + 1] === SEPARATOR
  if (!whole) return parseOneByOne(bodies, from, to, into)
  for (let i = 0; i < count; i++) into.push(values[i * 2])
}

/** One value per body, in order; undefined where a body is not JSON. */
export const parseAll = (bodies: readonly Uint8Array[]): unknown[] => {
  const into: unknown[] = []
  let from = 0
  while (from < bodies.length) {
    let to = from
    let bytes = 0
    while (to < bodies.length && (to === from || bytes + (bodies[to] as Uint8Array).byteLength <= BLOCK_BYTES))
      bytes += (bodies[to++] as Uint8Array).byteLength
    if (to - from < SMALLEST_BLOCK) parseOneByOne(bodies, from, to, into)
    else parseBlock(bodies, from, to, bytes, into)
    from = to
  }
  return into
}
