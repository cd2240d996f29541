/** Liquid templates: no code runs in them, no file is read, and time and memory are limited. Loaded when first needed. */
import { TaskError } from '../drivers/driver.ts'
import type { Liquid } from 'liquidjs'

export type TemplateValue = string | number | { readonly [key: string]: TemplateValue }

const LIMITS = { parseLimit: 1_000_000, renderLimit: 2_000, memoryLimit: 10_000_000 }

let engine: Promise<Liquid> | undefined

const load = async (): Promise<Liquid> => {
  const { Liquid: Engine } = await import('./liquid.ts')
  return new Engine({
    ...LIMITS,
    strictVariables: true,
    strictFilters: true,
    ownPropertyOnly: true,
    // Includes come from here and nowhere else: a template must not read the node's files.
    templates: {},
    relativeReference: false,
  })
}

/** Throws a permanent `TaskError`; its text names the place, never a value. */
export const renderTemplate = async (
  name: string,
  template: string,
  values: Readonly<Record<string, TemplateValue>>,
): Promise<string> => {
  try {
    const liquid = await (engine ??= load())
    return (await liquid.parseAndRender(template, values)) as string
  } catch (error) {
    const text = error instanceof Error ? (error.message.split('\n')[0] ?? '') : String(error)
    throw new TaskError(
      {
        code: 'template_failed',
        message: `The template of ${name} cannot be rendered: ${text}`,
        hint: 'Known are node.id, node.labels, job, execution, attempt, env and secrets.',
      },
      true,
    )
  }
}
