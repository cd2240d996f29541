/** `dunlin validate`: what the server would say of a spec, without a server. */
import { parseYamlOrJson, validateJobSpec } from '@dunlin/contracts'
import type { Command } from 'commander'
import type { Context } from '../context.ts'
import { readSpecFile } from '../read-spec.ts'
import { lintPipelineOf } from '../lint.ts'

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
      const parsed = validateJobSpec(read.value, read.source)
      if (!parsed.ok) throw parsed.error
      lintPipelineOf(parsed.spec, read.source)
      for (const { path, message } of parsed.warnings)
        io.err(`${io.styleErr('yellow', 'warning')} ${path} ${message}\n`)
      io.out(`${name}: ${parsed.spec.namespace}/${parsed.spec.name} ${io.style('green', 'valid')}\n`)
    })
}
