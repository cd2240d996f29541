// The `drop` output: everything counts as delivered and nothing is kept.
import { z } from 'zod'
import { defineComponent } from '../define.ts'
import type { ComponentSpec, Output } from '../types.ts'

export const dropOutput: ComponentSpec<Output> = defineComponent({
  schema: z.strictObject({}),
  create: () => ({ write: () => Promise.resolve(), close: () => Promise.resolve() }),
})
