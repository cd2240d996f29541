/** `dunlin apply`: creates or updates a job, and on request waits until it has come to rest. */
import type { Client } from '@dunlin/client'
import type { AcceptedView } from '@dunlin/contracts'
import type { Command } from 'commander'
import type { Context, GlobalOptions } from '../context.ts'
import { printAccepted } from '../output/accepted.ts'
import { readSpecFile } from '../read-spec.ts'
import type { Format } from '../output/format.ts'
import { waitForJob } from '../wait.ts'
import { formatOption, idempotencyOption, ifMatchOption, wholeNumber } from './options.ts'

interface ApplyOptions extends GlobalOptions {
  readonly file: string
  readonly idempotencyKey?: string
  readonly ifMatch?: string
  readonly wait?: boolean
  readonly timeout: number
  readonly output: Format
}

/** Versions go on counting over deleted jobs, so a higher one is a new job when that began with it. */
const wordFor = async (client: Client, { version, job_id, seq, unchanged, namespace, name }: AcceptedView) => {
  if (unchanged || version === 1) return 'created'
  try {
    const { id, status } = await client.jobs.get({ namespace, name }, { min_seq: seq })
    const at = status.versions.find((one) => one.version === version)?.at
    return id === job_id && at === status.created_at ? 'created' : 'updated'
  } catch {
    // It is accepted all the same; whether it was there before cannot be told.
    return 'applied'
  }
}

export const addApply = (program: Command, context: Context): void => {
  program
    .command('apply')
    .summary('create or update a job')
    .description('Creates or updates the job of a spec in JSON or YAML. Applying the same spec again changes nothing.')
    .requiredOption('-f, --file <file>', 'spec, or - for standard input')
    .addOption(idempotencyOption())
    .addOption(ifMatchOption())
    .option('--wait', 'wait until the job has come to rest; the exit code then tells how')
    .option('--timeout <seconds>', 'how long --wait waits', wholeNumber, 600)
    .addOption(formatOption())
    .addHelpText(
      'after',
      `
Examples:
  dunlin apply -f examples/log-processor.json --wait
  generate-spec | dunlin apply -f - --idempotency-key deploy-42
  dunlin apply -f job.yaml --if-match version:3`,
    )
    .action(async (_options: unknown, command: Command) => {
      const options = command.optsWithGlobals<ApplyOptions>()
      const { io } = context
      const client = context.client(options)
      const { text, format } = await readSpecFile(io, options.file)
      const { idempotencyKey, ifMatch } = options
      const accepted = await client.jobs.apply({ text, format }, { idempotencyKey, ifMatch, signal: io.interrupted })
      printAccepted(io, accepted, options.output === 'table' ? await wordFor(client, accepted) : '', options.output)
      if (!options.wait) return
      process.exitCode = await waitForJob(client, io, accepted, {
        version: accepted.version,
        sinceSeq: accepted.seq,
        timeoutMs: options.timeout * 1000,
      })
    })
}
