/** Server-sent events as the WHATWG standard frames them, read from the body of a `fetch` response. */

export interface ServerSentEvent {
  /** The last id that was seen on the stream, this event's own or an earlier one. */
  readonly id: string
  /** `message` when the stream names none. */
  readonly event: string
  readonly data: string
}

/** The name of an id that came without data: no event for a browser, only the new place to resume after. */
export const POSITION = 'position'

/** Splits text into events. An event that the stream did not finish is never given out. */
export const createSseParser = (): ((text: string) => ServerSentEvent[]) => {
  let rest = ''
  let id = ''
  let event = ''
  let hasId = false
  let data: string[] = []
  let endsWithReturn = false
  const line = (text: string, out: ServerSentEvent[]): void => {
    if (text === '') {
      if (data.length > 0) out.push({ id, event: event === '' ? 'message' : event, data: data.join('\n') })
      else if (hasId) out.push({ id, event: POSITION, data: '' })
      event = ''
      hasId = false
      data = []
      return
    }
    const colon = text.indexOf(':')
    if (colon === 0) return
    const field = colon < 0 ? text : text.slice(0, colon)
    const value = colon < 0 ? '' : text.slice(text[colon + 1] === ' ' ? colon + 2 : colon + 1)
    if (field === 'data') data.push(value)
    else if (field === 'event') event = value
    else if (field === 'id' && !value.includes('\0')) {
      id = value
      hasId = true
    }
  }
  return (text) => {
    const out: ServerSentEvent[] = []
    // CR LF may be cut in two: the line ended at the CR, and this LF belongs to it.
    let fresh = endsWithReturn && text.startsWith('\n') ? text.slice(1) : text
    if (text !== '') endsWithReturn = text.endsWith('\r')
    fresh = rest + fresh
    const lines = fresh.split(/\r\n|\r|\n/)
    rest = lines.pop() ?? ''
    for (const one of lines) line(one, out)
    return out
  }
}

/** Reads until the stream ends or breaks; a broken one throws what `fetch` throws. */
export async function* readServerSentEvents(body: ReadableStream<Uint8Array>): AsyncGenerator<ServerSentEvent> {
  const parse = createSseParser()
  const decoder = new TextDecoder()
  for await (const chunk of body) yield* parse(decoder.decode(chunk, { stream: true }))
}
