// The `stdout` output: messages on the standard output of the pipeline's process.
import { z } from 'zod'
import { defineComponent } from '../define.ts'
import type { ComponentSpec, Output } from '../types.ts'
import { checkCodec, codecSetting, encode } from './codec.ts'

export const stdoutOutput: ComponentSpec<Output> = defineComponent({
  schema: z.strictObject({ codec: codecSetting }),
  check: (settings, path) => checkCodec(settings.codec, path),
  create: (settings, { ports }) => ({
    write: (messages) =>
      new Promise((resolve, reject) => {
        ports.stdout.write(encode(messages, settings.codec), (error) => {
          if (error) reject(error)
          else resolve()
        })
      }),
    close: () => Promise.resolve(),
  }),
})
