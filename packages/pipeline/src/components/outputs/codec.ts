// How messages are set apart from each other in a stream.
import { z } from 'zod'
import { problem, type PipelineProblem } from '../../lint/problem.ts'
import { fieldPath } from '../../lint/problem.ts'
import { messageText, type Message } from '../../mapping/message.ts'

export const codecSetting = z.string().prefault('lines')

const UNSUPPORTED = /^(?:all-bytes|append|csv|tar|chunker:.*|zip|gzip)$/

export function checkCodec(codec: string, path: string): PipelineProblem[] {
  if (codec === 'lines' || /^delim:./su.test(codec)) return []
  const place = fieldPath(path, 'codec')
  return UNSUPPORTED.test(codec)
    ? [problem('unsupported_field', place, `the codec '${codec}' is not supported yet`, 'supported: lines, delim:X')]
    : [problem('invalid_value', place, `there is no codec '${codec}'`, 'supported: lines, delim:X')]
}

export function encode(messages: readonly Message[], codec: string): string {
  const end = codec.startsWith('delim:') ? codec.slice('delim:'.length) : '\n'
  let text = ''
  for (const message of messages) text += messageText(message) + end
  return text
}
