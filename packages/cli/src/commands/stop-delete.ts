/** `dunlin stop` and `dunlin delete`. */
import type { Command } from 'commander'
import type { Context, GlobalOptions } from '../context.ts'
import { jobKeyOf } from '../job-name.ts'
import { printAccepted } from '../output/accepted.ts'
import type { Format } from '../output/format.ts'
import { formatOption, idempotencyOption, ifMatchOption, namespaceOption } from './options.ts'

interface CommandOptions extends GlobalOptions {
  readonly namespace?: string
  readonly reason?: string
  readonly force?: boolean
  readonly idempotencyKey?: string
  readonly ifMatch?: string
  readonly output: Format
}

const common = (command: Command): Command =>
  command
    .argument('<job>', 'NAME, NAMESPACE/NAME, or NAME with -n')
    .addOption(namespaceOption())
    .option('--reason <text>', 'why; recorded in the log')
    .addOption(idempotencyOption())
    .addOption(ifMatchOption())
    .addOption(formatOption())

export const addStop = (program: Command, context: Context): void => {
  common(program.command('stop').summary('stop a job on every node'))
    .description('Stops a job on every node. Nodes that are offline stop it when they return.')
    .addHelpText('after', '\nExamples:\n  dunlin stop log-processor\n  dunlin stop prod/web --reason "freeze"')
    .action(async (job: string, _options: unknown, command: Command) => {
      const options = command.optsWithGlobals<CommandOptions>()
      const key = jobKeyOf(job, options.namespace)
      const body = options.reason === undefined ? {} : { reason: options.reason }
      const { idempotencyKey, ifMatch } = options
      const accepted = await context.client(options).jobs.stop(key, body, { idempotencyKey, ifMatch })
      printAccepted(context.io, accepted, 'stopped', options.output)
    })
}

export const addDelete = (program: Command, context: Context): void => {
  common(program.command('delete').summary('delete a job'))
    .description('Deletes a job that is stopped, completed or failed. Its history stays in the log.')
    .option('--force', 'delete it in any state; it is stopped on every node')
    .addHelpText('after', '\nExamples:\n  dunlin delete log-processor\n  dunlin delete prod/web --force')
    .action(async (job: string, _options: unknown, command: Command) => {
      const options = command.optsWithGlobals<CommandOptions>()
      const key = jobKeyOf(job, options.namespace)
      const { idempotencyKey, ifMatch, force, reason } = options
      const query = {
        ...(force ? { force: 'true' as const } : {}),
        ...(reason === undefined ? {} : { reason }),
      }
      const accepted = await context.client(options).jobs.delete(key, query, { idempotencyKey, ifMatch })
      printAccepted(context.io, accepted, 'deleted', options.output)
    })
}
