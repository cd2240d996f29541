/** The command tree, and what every failure ends with: a message on standard error and an exit code that scripts know. */
import { DunlinError } from '@dunlin/contracts'
import { Command, CommanderError } from 'commander'
import { addApply } from './commands/apply.ts'
import { addDescribe } from './commands/describe.ts'
import { addEvents } from './commands/events.ts'
import { addExec } from './commands/exec.ts'
import { addExplain } from './commands/explain.ts'
import { addGet } from './commands/get.ts'
import { addLog } from './commands/log.ts'
import { addLogs } from './commands/logs.ts'
import { addNode } from './commands/node.ts'
import { addNodeToken } from './commands/node-token.ts'
import { addNodeMetrics } from './commands/node-metrics.ts'
import { addPlan } from './commands/plan.ts'
import { addResults } from './commands/results.ts'
import { addRollout } from './commands/rollout.ts'
import { addDelete, addStop } from './commands/stop-delete.ts'
import { addValidate } from './commands/validate.ts'
import { addVersion, cliVersion } from './commands/version.ts'
import { createContext, DEFAULT_SERVER } from './context.ts'
import { exitCodeOf, exitCodes } from './exit-codes.ts'
import type { Io } from './io.ts'
import { printProblem } from './output/problem.ts'

const createProgram = (io: Io): Command => {
  const program = new Command('dunlin')
  // Subcommands take over what is set here, so this comes first.
  program
    .exitOverride()
    .configureOutput({ writeOut: (text) => io.out(text), writeErr: (text) => io.err(text) })
    .showSuggestionAfterError()
    .showHelpAfterError('(--help shows all options)')
    .description('Runs jobs on fleets of edge nodes.')
    .version(cliVersion(), '--version', 'show the version')
    .option('--server <url>', `address of the API (default DUNLIN_SERVER, else ${DEFAULT_SERVER})`)
    .option(
      '--token <token>',
      'what a secured API asks for (default DUNLIN_TOKEN, which other users of this machine do not see)',
    )
    .addHelpText(
      'after',
      `
Examples:
  dunlin apply -f examples/log-processor.json --wait
  dunlin rollout get log-processor -w
  dunlin explain rollout log-processor
  dunlin get jobs
  dunlin describe job log-processor
  dunlin events -f
  dunlin logs log-processor -f

Exit codes: 0 done, 2 wrong usage or spec, 3 not found, 4 conflict, 5 not allowed, 6 timed out, 7 rollout halted, 8 server unreachable,
9 no node can take the job, 10 superseded, 11 canceled, 12 expired, 13 held, 130 interrupted, 1 anything else.`,
    )
  const context = createContext(io)
  const commands = [
    addApply,
    addPlan,
    addRollout,
    addGet,
    addDescribe,
    addExplain,
    addEvents,
    addLogs,
    addExec,
    addResults,
    addStop,
    addDelete,
    addValidate,
    addLog,
    addNode,
    addNodeToken,
    addNodeMetrics,
    addVersion,
  ]
  for (const add of commands) add(program, context)
  return program
}

/** Runs the command line; the result is the exit code. */
export const run = async (argv: readonly string[], io: Io): Promise<number> => {
  process.exitCode = exitCodes.ok
  try {
    await createProgram(io).parseAsync([...argv], { from: 'user' })
    return process.exitCode
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? exitCodes.ok : exitCodes.usage
    if (io.interrupted.aborted) return exitCodes.interrupted
    if (!(error instanceof DunlinError)) {
      io.err(
        `${io.styleErr('red', 'error')} ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`,
      )
      return exitCodes.unexpected
    }
    printProblem(io, error, asksForJson(argv))
    return exitCodeOf(error)
  }
}

/** Errors are problem documents where the data would have been JSON. */
const asksForJson = (argv: readonly string[]): boolean =>
  argv.some(
    (word, i) =>
      word === '-ojson' || word === '--output=json' || (['-o', '--output'].includes(word) && argv[i + 1] === 'json'),
  )
