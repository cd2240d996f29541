/** JSON when the bytes are JSON, their text otherwise. */
export const parseLoosely = (data: Uint8Array): unknown => {
  const text = Buffer.from(data).toString('utf8')
  try {
    return JSON.parse(text) as unknown
  } catch {
    return text
  }
}
