/** When a batch job starts by itself: cron in a named time zone. */
import * as z from 'zod'
import { block } from './block.ts'

const NAMES = 'JAN|FEB|MAR|APR|MAY|JUN|JUL|AUG|SEP|OCT|NOV|DEC|SUN|MON|TUE|WED|THU|FRI|SAT'
const VALUE = `(?:[0-9]{1,2}|${NAMES})`
const ITEM = String.raw`(?:\*|\?|${VALUE}(?:-${VALUE})?)(?:\/[0-9]{1,2})?`
const FIELD = new RegExp(String.raw`^${ITEM}(?:,${ITEM})*$`, 'i')
const SHORTHANDS = new Set(['@yearly', '@annually', '@monthly', '@weekly', '@daily', '@midnight', '@hourly'])

/** Five fields (minute, hour, day, month, weekday) or a shorthand. Ranges of the numbers are the scheduler's matter. */
const isCron = (text: string): boolean => {
  if (SHORTHANDS.has(text)) return true
  const fields = text.trim().split(/\s+/)
  return fields.length === 5 && fields.every((field) => FIELD.test(field))
}

const isTimeZone = (name: string): boolean => {
  try {
    return new Intl.DateTimeFormat('en', { timeZone: name }).resolvedOptions().timeZone !== ''
  } catch {
    return false
  }
}

export const scheduleSchema = block({
  cron: z.preprocess(
    (value) => (typeof value === 'string' ? [value] : value),
    z.array(z.string().max(200).refine(isCron, 'expected five cron fields, such as "30 3 * * MON-FRI"')).min(1).max(32),
  ),
  timezone: z.string().max(100).refine(isTimeZone, 'expected an IANA time zone, such as "Europe/Berlin"').optional(),
  overlap: z
    .enum(['allow', 'forbid', 'replace'])
    .optional()
    .meta({ description: 'What happens when the run before has not ended: start beside it, skip, or replace it.' }),
  enabled: z.boolean().optional(),
})
