/** The agent's entry: `dunlin-agent [command] [flags]`. */
import { dispatch } from './subcommands.ts'

await dispatch(process.argv.slice(2))
