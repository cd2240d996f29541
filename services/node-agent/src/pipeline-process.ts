/** Entry of a pipeline's own process: `node pipeline-process <task directory>`. Started by the shim, outlives the agent. */
import { createEngine } from './drivers/pipeline/engine.ts'
import { runPipelineProcess } from './drivers/pipeline/run-process.ts'

const dir = process.argv[2]
if (dir === undefined) {
  process.stderr.write('pipeline-process: the directory of the task is missing\n')
  process.exit(2)
}
const stopping = new AbortController()
// The whole process group is told; the pipeline delivers what it has taken and ends.
process.on('SIGTERM', () => stopping.abort())
process.exit(await runPipelineProcess(createEngine(), dir, stopping.signal))
