// One component of a configuration: exactly one type, its settings, and perhaps a label and processors of its own.
import { z } from 'zod'
import type { Catalog } from '../components/catalog.ts'
import { PROCESSORS } from '../components/catalog.ts'
import { nearest } from '../lint/nearest.ts'
import { fieldPath, problem, type PipelineProblem } from '../lint/problem.ts'
import { schemaProblems, shortened, unknownField } from '../lint/schema-problems.ts'
import type { ComponentConfig } from './model.ts'

export type Collect = (...problems: readonly PipelineProblem[]) => void

export interface Parsed {
  readonly component: ComponentConfig
  readonly processors: readonly ComponentConfig[]
}

const LABEL = /^[a-z0-9_]{1,64}$/

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

export function parseComponent<Made>(
  value: unknown,
  path: string,
  catalog: Catalog<Made>,
  collect: Collect,
): Parsed | undefined {
  if (!isRecord(value)) {
    collect(
      problem('invalid_value', path, `an object with one ${catalog.kind} is expected`, `such as ${example(catalog)}`),
    )
    return undefined
  }
  const label = parseLabel(value['label'], path, collect)
  const mayHaveProcessors = catalog.kind !== 'processor'
  const processors = mayHaveProcessors
    ? parseProcessors(value['processors'], fieldPath(path, 'processors'), collect)
    : []
  const extra = mayHaveProcessors ? ['label', 'processors'] : ['label']
  const types = Object.keys(value).filter((key) => !extra.includes(key))
  const type = oneType(types, path, catalog, extra, collect)
  if (type === undefined) return undefined
  const spec = catalog.components[type]
  const place = fieldPath(path, type)
  const parsed = spec?.schema.safeParse(value[type])
  if (spec === undefined || parsed === undefined) return undefined
  if (!parsed.success) {
    collect(...schemaProblems(parsed.error, place, spec.fields))
    return undefined
  }
  collect(...(spec.check?.(parsed.data, place) ?? []))
  return { component: { type, label, path: place, settings: parsed.data }, processors }
}

function example<Made>(catalog: Catalog<Made>): string {
  const [first = 'none'] = Object.keys(catalog.components)
  return `{"${first}": ${catalog.kind === 'processor' ? '"root = this"' : '{}'}}`
}

function parseLabel(value: unknown, path: string, collect: Collect): string {
  if (value === undefined || value === '') return ''
  const parsed = z.string().regex(LABEL).safeParse(value)
  if (parsed.success) return parsed.data
  collect(problem('invalid_value', fieldPath(path, 'label'), 'a label has 1 to 64 of a-z, 0-9 and _'))
  return ''
}

function oneType<Made>(
  types: readonly string[],
  path: string,
  catalog: Catalog<Made>,
  extra: readonly string[],
  collect: Collect,
): string | undefined {
  const known = types.filter((type) => isKnown(type, catalog))
  const [type, second] = known
  if (type === undefined) {
    collect(
      ...(types.length === 0 ? [missingType(path, catalog)] : types.map((name) => unknownType(name, path, catalog))),
    )
    return undefined
  }
  if (second !== undefined) {
    collect(
      problem('invalid_value', path, `exactly one ${catalog.kind} is expected, but ${known.join(' and ')} stand here`),
    )
    return undefined
  }
  const unknown = types.filter((name) => name !== type)
  collect(...unknown.map((name) => unknownField(path, name, [...extra, type])))
  if (!catalog.unsupported.has(type)) return type
  collect(
    problem(
      'unsupported_component',
      fieldPath(path, type),
      `the ${catalog.kind} '${type}' is not supported by this engine yet`,
      `supported: ${Object.keys(catalog.components).join(', ')}`,
    ),
  )
  return undefined
}

function isKnown<Made>(type: string, catalog: Catalog<Made>): boolean {
  return Object.hasOwn(catalog.components, type) || catalog.unsupported.has(type)
}

function missingType<Made>(path: string, catalog: Catalog<Made>): PipelineProblem {
  const hint = `known: ${Object.keys(catalog.components).join(', ')}`
  return problem('invalid_value', path, `the type of the ${catalog.kind} is missing`, hint)
}

function unknownType<Made>(name: string, path: string, catalog: Catalog<Made>): PipelineProblem {
  const near = nearest(name, [...Object.keys(catalog.components), ...catalog.unsupported])
  const hint = near === undefined ? `known: ${Object.keys(catalog.components).join(', ')}` : `did you mean '${near}'?`
  const place = fieldPath(path, shortened(name))
  return problem('unknown_component', place, `there is no ${catalog.kind} '${shortened(name)}'`, hint)
}

export function parseProcessors(value: unknown, path: string, collect: Collect): ComponentConfig[] {
  if (value === undefined || value === null) return []
  if (!Array.isArray(value)) {
    collect(problem('invalid_value', path, 'a list of processors is expected'))
    return []
  }
  return value.flatMap((one: unknown, i) => {
    const parsed = parseComponent(one, fieldPath(path, i), PROCESSORS, collect)
    return parsed === undefined ? [] : [parsed.component]
  })
}
