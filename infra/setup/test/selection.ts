// What the person asked for: `npm test`, `npm test -- --only unit,int`, `npm test -- packages/domain`.
import { steps, type Step } from './steps.ts'

export interface Selection {
  readonly steps: readonly Step[]
  /** Handed to vitest as they are: parts of paths, `-t NAME`, ... */
  readonly vitestArgs: readonly string[]
}

/** @throws Error that names the steps there are */
export function select(args: readonly string[]): Selection {
  const only: string[] = []
  const vitestArgs: string[] = []
  for (let i = 0; i < args.length; i++) {
    const arg = args[i] ?? ''
    if (arg === '--only') only.push(...(args[++i] ?? '').split(','))
    else if (arg.startsWith('--only=')) only.push(...arg.slice('--only='.length).split(','))
    else vitestArgs.push(arg)
  }
  const names = steps.map((step) => step.name)
  const unknown = only.find((name) => !names.includes(name))
  if (unknown !== undefined) throw new Error(`no step "${unknown}"; there are ${names.join(', ')}`)
  if (only.length > 0) return { steps: steps.filter((step) => only.includes(step.name)), vitestArgs }
  // A filter picks tests; the static checks cannot be narrowed and would only be in the way.
  if (vitestArgs.length > 0) return { steps: steps.filter((step) => step.kind === 'project'), vitestArgs }
  return { steps, vitestArgs }
}
