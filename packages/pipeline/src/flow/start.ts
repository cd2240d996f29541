// Runs a pipeline: input, processors, output. What was read is read again after a restart unless it was delivered.
import { INPUTS, OUTPUTS, PROCESSORS, type Catalog } from '../components/catalog.ts'
import type { Input, Output, PipelinePorts } from '../components/types.ts'
import type { ComponentConfig, PipelineConfig } from '../config/model.ts'
import type { PipelineCounters, PipelineEnd } from './counters.ts'
import { runFlow, type Tally } from './run.ts'

export interface RunningPipeline {
  /** Cumulative since the start. */
  counters(): PipelineCounters
  /** Never rejects. */
  readonly done: Promise<PipelineEnd>
  /** Finishes what is being delivered, saves the positions, and resolves when everything is closed. */
  stop(): Promise<void>
}

export function startPipeline(config: PipelineConfig, ports: PipelinePorts): RunningPipeline {
  const tally: Tally = { received: 0, delivered: 0, failed: 0, dropped: 0, outputProblem: undefined }
  const stopping = new AbortController()
  let input: Input | undefined
  let broken: string | undefined

  async function run(): Promise<PipelineEnd> {
    let output: Output | undefined
    try {
      input = create(INPUTS, config.input, ports)
      const processors = config.processors.map((one) => create(PROCESSORS, one, ports))
      output = create(OUTPUTS, config.output, ports)
      const ended = await runFlow({ input, processors, output, ports, tally, signal: stopping.signal })
      return ended === 'stopped'
        ? { kind: 'stopped', reason: 'asked to stop' }
        : { kind: 'completed', reason: 'the input ended' }
    } catch (error) {
      broken = error instanceof Error ? error.message : String(error)
      ports.log('error', 'the pipeline failed', { reason: broken })
      return { kind: 'failed', reason: broken }
    } finally {
      await closeQuietly(ports, input, output)
    }
  }

  const done = run()
  return {
    counters: () => counters(tally, input, broken),
    done,
    async stop() {
      stopping.abort()
      await done
    },
  }
}

function create<Made>(catalog: Catalog<Made>, config: ComponentConfig, ports: PipelinePorts): Made {
  const spec = catalog.components[config.type]
  if (spec === undefined) throw new Error(`there is no ${catalog.kind} '${config.type}'`)
  return spec.create(config.settings, { ports, label: config.label, path: config.path })
}

function counters(tally: Tally, input: Input | undefined, broken: string | undefined): PipelineCounters {
  const status = broken === undefined ? (input?.status() ?? { connected: true }) : { connected: false, reason: broken }
  const { outputProblem, ...counts } = tally
  const reasons = [
    ...('reason' in status ? [status.reason] : []),
    ...(outputProblem === undefined ? [] : [outputProblem]),
  ]
  const outputConnected = broken === undefined && outputProblem === undefined
  return { ...counts, inputConnected: status.connected, outputConnected, reasons }
}

async function closeQuietly(ports: PipelinePorts, ...parts: readonly (Input | Output | undefined)[]): Promise<void> {
  for (const part of parts) {
    try {
      await part?.close()
    } catch (error) {
      ports.log('warn', 'closing failed', { reason: error instanceof Error ? error.message : String(error) })
    }
  }
}
