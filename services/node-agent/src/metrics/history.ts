/** An hour of samples in a fixed piece of memory: the oldest makes room for the newest. */
export const SAMPLE_EVERY_MS = 10_000
const SAMPLES = 360

export const measures = ['cpu', 'memoryUsedBytes', 'diskUsedBytes', 'load1', 'tasks', 'agentRssBytes'] as const
export type Measure = (typeof measures)[number]
export type Sample = Readonly<Record<Measure, number>>

export interface History {
  push(sample: Sample): void
  /** Oldest first, all of one length. */
  series(): Record<Measure, number[]>
}

export const createHistory = (samples = SAMPLES): History => {
  const columns = new Map(measures.map((measure) => [measure, new Float64Array(samples)]))
  let written = 0
  return {
    push: (sample) => {
      for (const [measure, column] of columns) column[written % samples] = sample[measure]
      written += 1
    },
    series: () => {
      const length = Math.min(written, samples)
      const read = (measure: Measure): number[] =>
        Array.from({ length }, (_, i) => columns.get(measure)?.[(written - length + i) % samples] ?? 0)
      return {
        cpu: read('cpu'),
        memoryUsedBytes: read('memoryUsedBytes'),
        diskUsedBytes: read('diskUsedBytes'),
        load1: read('load1'),
        tasks: read('tasks'),
        agentRssBytes: read('agentRssBytes'),
      }
    },
  }
}
