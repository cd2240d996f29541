// Points in time as RFC 3339 text with as many fractional digits as needed (up to nanoseconds).
import { Timestamp } from '../value/types.ts'
import { civil, offsetAt } from './civil.ts'

export function formatRfc3339(time: Timestamp): string {
  const offset = offsetAt(time.epochNs, time.zone)
  const c = civil(time.epochNs, offset)
  const fraction = c.nanosecond === 0 ? '' : `.${String(c.nanosecond).padStart(9, '0').replace(/0+$/, '')}`
  return `${pad(c.year, 4)}-${pad(c.month)}-${pad(c.day)}T${pad(c.hour)}:${pad(c.minute)}:${pad(c.second)}${fraction}${zoneSuffix(offset)}`
}

function zoneSuffix(offsetSeconds: number): string {
  if (offsetSeconds === 0) return 'Z'
  const minutes = Math.trunc(Math.abs(offsetSeconds) / 60)
  return `${offsetSeconds < 0 ? '-' : '+'}${pad(Math.trunc(minutes / 60))}:${pad(minutes % 60)}`
}

function pad(value: number, width = 2): string {
  const digits = String(Math.abs(value)).padStart(width, '0')
  return value < 0 ? `-${digits}` : digits
}
