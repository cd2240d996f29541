/** The file of `-f`: its text and in which language it is. */
import { readFile } from 'node:fs/promises'
import { DunlinError } from '@dunlin/contracts'
import type { Io } from './io.ts'

export interface SpecFile {
  /** As it is named in messages. */
  readonly name: string
  readonly text: string
  readonly format: 'json' | 'yaml'
}

/** YAML unless the name or the first character says JSON. Throws invalid_request, or malformed_body for other encodings. */
export const readSpecFile = async (io: Io, file: string): Promise<SpecFile> => {
  const bytes = file === '-' ? await io.readStdin() : await readBytes(file)
  let text: string
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch (error) {
    throw new DunlinError('malformed_body', `${file} is not valid UTF-8.`, { cause: error })
  }
  const isJson = file.endsWith('.json') || (!/\.ya?ml$/.test(file) && /^\s*[{[]/.test(text))
  return { name: file === '-' ? 'standard input' : file, text, format: isJson ? 'json' : 'yaml' }
}

const readBytes = async (file: string): Promise<Buffer> => {
  try {
    return await readFile(file)
  } catch (error) {
    throw new DunlinError(
      'invalid_request',
      `${file} cannot be read: ${(error as NodeJS.ErrnoException).code ?? 'error'}`,
      {
        hint: 'Give a file with -f FILE, or - for standard input.',
        cause: error,
      },
    )
  }
}
