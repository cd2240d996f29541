/** Lines of JSON from the body of a `fetch` response: one record each. A line that the stream did not finish is dropped. */

export async function* readLines<R>(body: ReadableStream<Uint8Array>): AsyncGenerator<R> {
  const decoder = new TextDecoder()
  let rest = ''
  for await (const chunk of body) {
    const text = rest + decoder.decode(chunk, { stream: true })
    let begin = 0
    for (let end = text.indexOf('\n'); end >= 0; end = text.indexOf('\n', begin)) {
      if (end > begin) yield JSON.parse(text.slice(begin, end)) as R
      begin = end + 1
    }
    rest = text.slice(begin)
  }
}
