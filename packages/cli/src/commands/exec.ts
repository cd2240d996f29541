/** `dunlin exec`: one command on one node that allows it; its output and its exit code are this command's own. */
import { errorOfProblem, DunlinError, MOST_EXEC_INPUT_BYTES, type ExecRecord } from '@dunlin/contracts'
import { InvalidArgumentError, type Command } from 'commander'
import { constants } from 'node:os'
import type { Context, GlobalOptions } from '../context.ts'
import { exitCodes } from '../exit-codes.ts'
import type { Io } from '../io.ts'

interface ExecOptions extends GlobalOptions {
  readonly timeout: number
  readonly stdin?: boolean
  readonly shell?: boolean
}

const unitsMs: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 }
const durationMs = (text: string): number => {
  const [, amount = '', unit = ''] = /^(\d{1,9})(ms|s|m|h)$/.exec(text) ?? []
  const ms = Number(amount) * (unitsMs[unit] ?? Number.NaN)
  if (!(ms > 0)) throw new InvalidArgumentError('expected a duration, e.g. 30s or 5m')
  return ms
}

/** As `timeout` of coreutils has it. */
const TIMED_OUT = 124

export const addExec = (program: Command, context: Context): void => {
  const { io } = context
  program
    .command('exec')
    .argument('<node>', 'id of a node')
    .argument('<command...>', 'program and arguments, after --')
    .summary('run a command on a node that allows it')
    .description(
      'Runs one command on a node whose agent was started with --allow-exec or --exec-command. No shell reads it, its\n' +
        'environment is made from scratch, and it ends with this command. Who ran what is in the logs of the API and the agent.',
    )
    .option('--timeout <duration>', 'how long it may run', durationMs, 60_000)
    .option(
      '-i, --stdin',
      `give it standard input, read to its end first (${MOST_EXEC_INPUT_BYTES / 1024} KiB at most)`,
    )
    .option('--shell', 'let /bin/sh on the node read the command')
    .addHelpText(
      'after',
      `
Examples:
  dunlin exec edge-1 -- df -h /var
  dunlin exec edge-1 --shell -- 'ps aux | head'
  echo hello | dunlin exec edge-1 -i -- cat
Its exit code is passed on; 124 when it timed out, 128+n when a signal ended it.`,
    )
    .action(async (node: string, words: readonly string[], _options: unknown, command: Command) => {
      const options = command.optsWithGlobals<ExecOptions>()
      const body = {
        command: options.shell ? ['/bin/sh', '-c', words.join(' ')] : [...words],
        timeout_ms: options.timeout,
        ...(options.stdin ? { input_base64: (await readInput(io)).toString('base64') } : {}),
      }
      const records = context.client(options).nodes.exec(node, body, { signal: io.interrupted })
      process.exitCode = await printExec(io, records)
    })
}

const readInput = async (io: Io): Promise<Buffer> => {
  const input = await io.readStdin()
  if (input.byteLength <= MOST_EXEC_INPUT_BYTES) return input
  throw new DunlinError('invalid_request', `Standard input has ${input.byteLength} bytes.`, {
    hint: `At most ${MOST_EXEC_INPUT_BYTES} are passed on; send files as artifacts of a job.`,
  })
}

const printExec = async (io: Io, records: AsyncIterable<ExecRecord>): Promise<number> => {
  for await (const record of records) {
    if (record.type === 'output') {
      const output = record.text ?? Buffer.from(record.base64 ?? '', 'base64')
      if (record.stream === 'stderr') io.err(output)
      else io.out(output)
    } else if (record.type === 'error')
      // Its code may be one of a later release, which `errorOfProblem` looks at; its type knows those of this one.
      throw errorOfProblem(record.problem as never, record.problem.status)
    else if (record.type === 'exit') {
      if (record.timed_out) io.err(`${io.styleErr('red', 'timed out')}, and was ended\n`)
      return record.timed_out ? TIMED_OUT : codeOf(record.code, record.signal)
    }
  }
  if (io.interrupted.aborted) return exitCodes.interrupted
  throw new DunlinError('stream_interrupted', 'The connection was cut before the command ended; it is ended there.')
}

const codeOf = (code: number | null, signal: string | null): number => {
  if (code !== null) return code
  const numbers: Readonly<Record<string, number>> = constants.signals
  return 128 + (numbers[signal ?? ''] ?? 0)
}
