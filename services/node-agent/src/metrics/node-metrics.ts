/** `rpc.<node>.metrics`: the machine's last hour, sampled all the time, and what each task uses, measured when asked. */
import type { MetricsAnswer, NodeId } from '@dunlin/contracts/agent'
import { every, sleep, type Clock } from '@dunlin/runtime/agent'
import type { Runner } from '../converge/runner.ts'
import { useOf } from './family.ts'
import { createHistory, SAMPLE_EVERY_MS } from './history.ts'
import type { HostReadings } from './host-readings.ts'

export interface NodeMetrics {
  answer(node: NodeId): Promise<MetricsAnswer>
  stop(): void
}

/** Between the two looks that a task's use of the processor is told by. */
const LOOK_MS = 250

export const startNodeMetrics = (clock: Clock, host: HostReadings, runner: Runner): NodeMetrics => {
  const history = createHistory()
  let last = host.cpuTicks()
  let at = clock.nowMs()

  const sample = (): void => {
    const ticks = host.cpuTicks()
    const passed = ticks.total - last.total
    const cpu = passed > 0 ? Math.max(0, (ticks.busy - last.busy) / passed) : 0
    last = ticks
    at = clock.nowMs()
    history.push({
      cpu,
      memoryUsedBytes: host.memory().usedBytes,
      diskUsedBytes: host.disk().usedBytes,
      load1: host.load1(),
      tasks: [...runner.executions.values()].filter(({ phase }) => phase.is === 'running').length,
      agentRssBytes: host.agentRssBytes(),
    })
  }
  const timer = every(clock, SAMPLE_EVERY_MS, sample)

  const roots = (): { readonly x: string; readonly job: MetricsAnswer['executions'][number]['job']; pid: number }[] =>
    [...runner.executions.values()].flatMap((one) => {
      const ready = one.phase.is === 'running' ? runner.attempts.task(one) : undefined
      const inspected = ready?.driver.inspect(ready.task)
      if (inspected?.is !== 'running' || inspected.pid === undefined) return []
      return [{ x: one.entry.execution, job: one.entry.job, pid: inspected.pid }]
    })

  return {
    stop: () => timer.cancel(),
    answer: async (node) => {
      const running = roots()
      const first = running.length > 0 ? host.processes() : []
      const firstAt = clock.monotonicMs()
      if (running.length > 0) await sleep(clock, LOOK_MS)
      const second = running.length > 0 ? host.processes() : []
      const seconds = Math.max(0.001, (clock.monotonicMs() - firstAt) / 1000)
      return {
        node,
        at: Math.round(at),
        everyMs: SAMPLE_EVERY_MS,
        cpus: host.cpus,
        memoryBytes: host.memory().totalBytes,
        diskBytes: host.disk().totalBytes,
        ...history.series(),
        executions: running.map(({ x, job, pid }) => {
          const use = useOf(pid, second)
          const cpuCores = Math.max(0, (use.cpuSeconds - useOf(pid, first).cpuSeconds) / seconds)
          return { x, job, ...use, cpuCores }
        }),
      }
    },
  }
}
