/** `npm start` and `npm run demo`. */
import { demo } from './demo/demo.ts'
import { DEMO_USAGE, readDemoFlags, readStartFlags, START_USAGE } from './flags.ts'
import { LaunchError, say } from './say.ts'
import { start } from './start.ts'

const run = async ([command, ...argv]: readonly string[]): Promise<number> => {
  switch (command) {
    case 'start': {
      const flags = readStartFlags(argv)
      if (flags === undefined) process.stdout.write(`${START_USAGE}\n`)
      else await start(flags)
      return 0
    }
    case 'demo': {
      const flags = readDemoFlags(argv)
      if (flags !== undefined) return demo(flags)
      process.stdout.write(`${DEMO_USAGE}\n`)
      return 0
    }
    default:
      throw new LaunchError(`unknown command ${command ?? '(none)'}; there are start and demo`, 'usage')
  }
}

try {
  process.exitCode = await run(process.argv.slice(2))
} catch (error) {
  // Something of ours that nobody foresaw keeps its stack; a reason to end does not need one.
  const known = error instanceof LaunchError || (error instanceof Error && /^(Nats|Dunlin)/.test(error.name))
  say(known ? error.message : error instanceof Error ? (error.stack ?? error.message) : String(error))
  process.exitCode = error instanceof LaunchError ? error.exitCode : 1
}
// Everything that was started is stopped by now; a socket that lingers must not hold the terminal.
process.exit()
