/** The forms in which data is printed: `table` for people, `json` and `yaml` in the shape of the API. */
import { stringify } from 'yaml'

export const formats = ['table', 'json', 'yaml'] as const
export type Format = (typeof formats)[number]

export const structured = (format: 'json' | 'yaml', value: unknown): string =>
  format === 'json' ? `${JSON.stringify(value, undefined, 2)}\n` : stringify(value, { lineWidth: 0 })

/** `3m`, `2h`, `5d`: how long ago an instant was, roughly. */
export const age = (instant: string | undefined, nowMs: number): string => {
  if (instant === undefined) return '-'
  const seconds = Math.max(0, Math.round((nowMs - Date.parse(instant)) / 1000))
  if (seconds < 120) return `${seconds}s`
  if (seconds < 7200) return `${Math.floor(seconds / 60)}m`
  if (seconds < 172_800) return `${Math.floor(seconds / 3600)}h`
  return `${Math.floor(seconds / 86_400)}d`
}
