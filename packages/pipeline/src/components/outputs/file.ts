// The `file` output: messages appended to a file, which is made (with its directories) when it is missing.
import { mkdir, open, type FileHandle } from 'node:fs/promises'
import { dirname } from 'node:path'
import { z } from 'zod'
import { interpolate } from '../../config/interpolate.ts'
import { pathSetting } from '../../config/setting.ts'
import { defineComponent } from '../define.ts'
import type { ComponentSpec, Output } from '../types.ts'
import { checkCodec, codecSetting, encode } from './codec.ts'

export const fileOutput: ComponentSpec<Output> = defineComponent({
  schema: z.strictObject({ path: pathSetting, codec: codecSetting }),
  check: (settings, path) => checkCodec(settings.codec, path),
  create: (settings, { ports }) =>
    appender(ports.mapPath(interpolate(settings.path, (name) => ports.env(name))), settings.codec),
})

function appender(path: string, codec: string): Output {
  let file: FileHandle | undefined

  async function close(): Promise<void> {
    const open = file
    file = undefined
    await open?.close()
  }

  async function append(text: string): Promise<void> {
    if (file === undefined) {
      await mkdir(dirname(path), { recursive: true })
      file = await open(path, 'a')
    }
    await file.appendFile(text)
  }

  return {
    async write(messages) {
      try {
        await append(encode(messages, codec))
      } catch (error) {
        // The next attempt opens the file anew: it may have been moved, or the disk may have been full.
        await close()
        throw error
      }
    },
    close,
  }
}
