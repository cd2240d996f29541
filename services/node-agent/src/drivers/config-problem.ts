/** What is wrong with a job's `config`, by the schema that refused it at apply: told alike by every driver. */
import type { Content } from '@dunlin/contracts/agent'
import type { ContentProblem } from '@dunlin/domain/agent'
import type * as z from 'zod/mini'

/** Undefined when it is valid; the first wrong place otherwise. */
export const configProblem = (
  schema: z.ZodMiniType,
  { config }: Pick<Content, 'config'>,
  hint: string,
): ContentProblem | undefined => {
  const parsed = schema.safeParse(config)
  if (parsed.success) return undefined
  const [issue] = parsed.error.issues
  const message = `config.${issue?.path.join('.') ?? ''}: ${issue?.message ?? 'is not valid'}`
  return { code: 'invalid_config', message, hint }
}
