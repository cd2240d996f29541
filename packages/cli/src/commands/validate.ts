/** `dunlin validate`: what the server would say of a spec, without a server. */
import {
  configProblems,
  parseJobSpec,
  parseYamlOrJson,
  sourceOfSpec,
  type DunlinError,
  type YamlSource,
} from '@dunlin/contracts'
import type { Command } from 'commander'
import type { Context } from '../context.ts'
import { readSpecFile } from '../read-spec.ts'

export const addValidate = (program: Command, { io }: Context): void => {
  program
    .command('validate')
    .summary('check a spec without a server')
    .description('Checks a spec, and the configuration of a pipeline in it, without a server.')
    .requiredOption('-f, --file <file>', 'spec, or - for standard input')
    .addHelpText('after', '\nExample:\n  dunlin validate -f job.yaml')
    .action(async ({ file }: { readonly file: string }) => {
      const { name, text, format } = await readSpecFile(io, file)
      const read = parseYamlOrJson(text, format)
      if (!read.ok) throw read.error
      const parsed = parseJobSpec(read.value, read.source)
      if (!parsed.ok) throw parsed.error
      const { spec, warnings } = parsed
      const wrong =
        spec.type === 'pipeline' ? await lint(spec.config, sourceOfSpec(read.value, read.source)) : undefined
      if (wrong !== undefined) throw wrong
      for (const { path, message } of warnings) io.err(`${io.styleErr('yellow', 'warning')} ${path} ${message}\n`)
      io.out(`${name}: ${spec.namespace}/${spec.name} ${io.style('green', 'valid')}\n`)
    })
}

/** Loaded only when there is a pipeline: other commands start without its language. */
const lint = async (config: unknown, source: YamlSource | undefined): Promise<DunlinError | undefined> => {
  const { parsePipelineConfig } = await import('@dunlin/pipeline')
  const linted = parsePipelineConfig(config)
  return linted.ok ? undefined : configProblems(linted.problems, source)
}
