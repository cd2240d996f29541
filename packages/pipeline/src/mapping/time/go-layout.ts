// Layouts that describe a time by how the reference time (Mon Jan 2 15:04:05 2006, zone -0700) would be written.

export type Element =
  | 'literal'
  | 'longMonth'
  | 'month'
  | 'numMonth'
  | 'zeroMonth'
  | 'longWeekday'
  | 'weekday'
  | 'day'
  | 'underDay'
  | 'zeroDay'
  | 'underYearDay'
  | 'zeroYearDay'
  | 'hour'
  | 'hour12'
  | 'zeroHour12'
  | 'minute'
  | 'zeroMinute'
  | 'second'
  | 'zeroSecond'
  | 'longYear'
  | 'year'
  | 'PM'
  | 'pm'
  | 'zoneName'
  | 'zone'
  | 'fraction0'
  | 'fraction9'

export interface LayoutPart {
  readonly element: Element
  readonly text: string
}

/** In the order they are tried; the first that matches at a place wins. */
const ELEMENTS: readonly (readonly [RegExp, Element])[] = [
  [/January/y, 'longMonth'],
  [/Jan(?![a-z])/y, 'month'],
  [/Monday/y, 'longWeekday'],
  [/Mon(?![a-z])/y, 'weekday'],
  [/MST/y, 'zoneName'],
  [/002/y, 'zeroYearDay'],
  [/01/y, 'zeroMonth'],
  [/02/y, 'zeroDay'],
  [/03/y, 'zeroHour12'],
  [/04/y, 'zeroMinute'],
  [/05/y, 'zeroSecond'],
  [/06/y, 'year'],
  [/15/y, 'hour'],
  [/1/y, 'numMonth'],
  [/2006/y, 'longYear'],
  [/2/y, 'day'],
  [/_2(?!006)/y, 'underDay'],
  [/__2/y, 'underYearDay'],
  [/3/y, 'hour12'],
  [/4/y, 'minute'],
  [/5/y, 'second'],
  [/PM/y, 'PM'],
  [/pm/y, 'pm'],
  [/[-Z]07(?:0000|:00:00|00|:00)?/y, 'zone'],
  [/[.,]0+(?!\d)/y, 'fraction0'],
  [/[.,]9+(?!\d)/y, 'fraction9'],
]

export function layoutParts(layout: string): LayoutPart[] {
  const parts: LayoutPart[] = []
  let literal = ''
  for (let at = 0; at < layout.length;) {
    const found = elementAt(layout, at)
    if (found === undefined) {
      literal += layout[at]
      at++
      continue
    }
    if (literal !== '') parts.push({ element: 'literal', text: literal })
    literal = ''
    parts.push(found)
    at += found.text.length
  }
  if (literal !== '') parts.push({ element: 'literal', text: literal })
  return parts
}

function elementAt(layout: string, at: number): LayoutPart | undefined {
  for (const [pattern, element] of ELEMENTS) {
    pattern.lastIndex = at
    const text = pattern.exec(layout)?.[0]
    if (text !== undefined) return { element, text }
  }
  return undefined
}

export const MONTHS = [
  'January',
  'February',
  'March',
  'April',
  'May',
  'June',
  'July',
  'August',
  'September',
  'October',
  'November',
  'December',
] as const
export const WEEKDAYS = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday'] as const
