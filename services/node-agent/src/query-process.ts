/** Entry of a query's own process: `node query-process <task directory>`. Started by the shim, outlives the agent. */
import { runQueryProcess } from './drivers/query/run-query.ts'

const dir = process.argv[2]
if (dir === undefined) {
  process.stderr.write('query-process: the directory of the task is missing\n')
  process.exit(2)
}
const stopping = new AbortController()
process.on('SIGTERM', () => stopping.abort())
process.exit(await runQueryProcess(dir, stopping.signal))
