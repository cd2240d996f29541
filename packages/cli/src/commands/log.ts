/** `dunlin log compact`: makes room in the log; what is taken out stays in the archive. */
import type { Command } from 'commander'
import type { Context, GlobalOptions } from '../context.ts'
import { jobKeyOf } from '../job-name.ts'
import { structured, type Format } from '../output/format.ts'
import { table } from '../output/table.ts'
import { formatOption } from './options.ts'

interface CompactOptions extends GlobalOptions {
  readonly job?: readonly string[]
  readonly dryRun?: boolean
  readonly output: Format
}

const collect = (value: string, before: readonly string[] | undefined): readonly string[] => [...(before ?? []), value]

export const addLog = (program: Command, context: Context): void => {
  const { io } = context
  const log = program.command('log').summary('look after the log').description('Looks after the log of events.')
  log
    .command('compact')
    .summary('archive and purge history')
    .description(
      'Archives the history of all subjects or of some jobs, checkpoints their state, and purges what lies below.',
    )
    .option('--job <job>', 'only this job, NAME or NAMESPACE/NAME; may be repeated', collect)
    .option('--dry-run', 'only tell what would be purged')
    .addOption(formatOption())
    .addHelpText('after', '\nExamples:\n  dunlin log compact --dry-run\n  dunlin log compact --job prod/web')
    .action(async (_options: unknown, command: Command) => {
      const options = command.optsWithGlobals<CompactOptions>()
      const jobs = options.job?.map((job) => jobKeyOf(job, undefined))
      const done = await context.client(options).log.compact({
        dry_run: options.dryRun ?? false,
        ...(jobs === undefined ? {} : { jobs }),
      })
      if (options.output !== 'table') return io.out(structured(options.output, done))
      io.out(
        table(
          [
            { head: 'SUBJECT', cell: (one) => one.subject },
            { head: 'PURGED', cell: (one) => String(one.purged ?? '-'), right: true },
            { head: 'NOTE', cell: (one) => one.skipped ?? '' },
          ],
          done.subjects,
          { headers: true },
        ),
      )
      io.err(`${done.purged} messages ${done.dry_run ? 'would be' : 'were'} purged\n`)
    })
}
