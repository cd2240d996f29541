/** Where the pipeline process is and how Node is told to run it: from sources, from dist, or from the bundle. */
import { fileURLToPath } from 'node:url'

export interface PipelineEntry {
  readonly entry: string
  readonly nodeFlags: readonly string[]
}

/** `from` is the URL of the agent's own entry file; the pipeline's entry lies beside it. */
export const pipelineEntry = (from: string, execArgv: readonly string[] = process.execArgv): PipelineEntry =>
  processEntry('pipeline-process', from, execArgv)

/** The same for any process of the agent's own. */
export const processEntry = (
  name: string,
  from: string,
  execArgv: readonly string[] = process.execArgv,
): PipelineEntry => {
  const extension = /\.[a-z]+$/.exec(from)?.[0] ?? '.js'
  return {
    entry: fileURLToPath(new URL(`${name}${extension}`, from)),
    nodeFlags: ['--max-semi-space-size=1', ...(extension === '.ts' ? sourceConditions(execArgv) : [])],
  }
}

/**
 * A run from sources stays one: the condition under which packages show their sources is handed on. An agent that was
 * started by its command has set it by a hook, which its flags do not show.
 */
const sourceConditions = (execArgv: readonly string[]): string[] => {
  const given = conditionsOf(execArgv)
  return given.length > 0 ? given : ['--conditions=dunlin-source']
}

const conditionsOf = (execArgv: readonly string[]): string[] =>
  execArgv.flatMap((flag, index) => {
    if (flag.startsWith('--conditions=')) return [flag]
    const value = execArgv[index + 1]
    return (flag === '--conditions' || flag === '-C') && value !== undefined ? [`--conditions=${value}`] : []
  })
