/** Sums up what an engine tells while it fetches an image, layer by layer, into a line for people. */
import * as z from 'zod/mini'

const eventSchema = z.object({
  id: z.optional(z.string()),
  status: z.optional(z.string()),
  error: z.optional(z.string()),
  progressDetail: z.optional(z.nullable(z.object({ current: z.optional(z.number()), total: z.optional(z.number()) }))),
})

/** Of a layer; "Pulling from" tells of the whole image, with its tag as the id. */
const LAYER = /^(Pulling (?!from)|Pull complete|Download|Extract|Waiting|Verifying|Already|Copying)/i

export interface PullProgress {
  /** Takes one event; returns the line when it changed, and throws what the engine says went wrong. */
  take(event: unknown): string | undefined
}

export const createPullProgress = (): PullProgress => {
  const layers = new Map<string, { current: number; total: number; done: boolean }>()
  let last = ''
  return {
    take: (raw) => {
      const parsed = eventSchema.safeParse(raw)
      if (!parsed.success) return undefined
      const { id, status = '', error, progressDetail } = parsed.data
      // An engine answers "200" first and tells of a failure inside of the stream.
      if (error !== undefined) throw new Error(error)
      if (id === undefined || !LAYER.test(status)) return undefined
      const layer = layers.get(id) ?? { current: 0, total: 0, done: false }
      layers.set(id, layer)
      if (/^(Download complete|Pull complete|Already exists)/i.test(status)) layer.done = true
      else if (/^(Download|Copying)/i.test(status) && progressDetail) {
        layer.current = progressDetail.current ?? layer.current
        layer.total = Math.max(layer.total, progressDetail.total ?? 0)
      }
      const line = lineOf([...layers.values()])
      if (line === last) return undefined
      last = line
      return line
    },
  }
}

const lineOf = (layers: readonly { current: number; total: number; done: boolean }[]): string => {
  const done = layers.filter((layer) => layer.done).length
  const total = layers.reduce((sum, layer) => sum + layer.total, 0)
  const current = layers.reduce(
    (sum, layer) => sum + (layer.done ? layer.total : Math.min(layer.current, layer.total)),
    0,
  )
  const bytes = total === 0 ? '' : `, ${mebibytes(current)} of ${mebibytes(total)} MiB`
  return `image: layer ${done} of ${layers.length}${bytes}`
}

const mebibytes = (bytes: number): string => String(Math.round(bytes / 1024 ** 2))
