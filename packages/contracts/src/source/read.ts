/** The door for texts: bytes or text, JSON or YAML, as one value that knows its places, or one typed error. */
import { DunlinError } from '../errors/error.ts'
import { parseJsonStrict } from './json.ts'
import { MAX_TEXT_BYTES } from './limits.ts'
import type { ReadText } from './read-text.ts'
import { parseYamlStrict } from './yaml.ts'

const utf8 = new TextDecoder('utf-8', { fatal: true })

/**
 * `contentType` decides when it is given (a media type, or just `json` or `yaml`); else a text that begins like a JSON
 * object is tried as JSON first. Fails with body_too_large, malformed_body or unsupported_media_type.
 */
export const parseYamlOrJson = (input: string | Uint8Array, contentType?: string): ReadText => {
  // UTF-16 units are never more than the bytes, so a long text is refused without being measured.
  if (input.length > MAX_TEXT_BYTES)
    return failed(new DunlinError('body_too_large', `The text is larger than ${MAX_TEXT_BYTES} bytes.`))
  let text: string
  try {
    text = typeof input === 'string' ? input.replace(/^\uFEFF/, '') : utf8.decode(input)
  } catch (error) {
    return failed(new DunlinError('malformed_body', 'The text is not valid UTF-8.', { cause: error }))
  }
  const format = contentType === undefined ? undefined : formatOf(contentType)
  if (format === 'unknown')
    return failed(new DunlinError('unsupported_media_type', `${JSON.stringify(contentType)} is not read.`))
  if (format === 'json') return parseJsonStrict(text)
  if (format === 'yaml') return parseYamlStrict(text)
  if (!/^\s*\{/.test(text)) return parseYamlStrict(text)
  const json = parseJsonStrict(text)
  // A flow mapping of YAML begins like a JSON object. Only broken syntax gets a second chance: faults stay faults.
  if (json.ok || json.error.errors?.some(({ code }) => code !== 'syntax')) return json
  const yaml = parseYamlStrict(text)
  return yaml.ok ? yaml : json
}

const failed = (error: DunlinError): ReadText => ({ ok: false, error })

const formatOf = (contentType: string): 'json' | 'yaml' | 'unknown' => {
  const type = (contentType.split(';')[0] ?? '').trim().toLowerCase()
  if (/^(?:json|application\/json|application\/[\w.-]+\+json)$/.test(type)) return 'json'
  if (/^(?:yaml|yml|(?:application|text)\/(?:x-)?yaml|application\/[\w.-]+\+yaml)$/.test(type)) return 'yaml'
  return 'unknown'
}
