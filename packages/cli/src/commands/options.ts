/** Options that several commands have, written once. */
import { InvalidArgumentError, Option } from 'commander'
import { formats } from '../output/format.ts'

export const namespaceOption = (): Option => new Option('-n, --namespace <namespace>', 'namespace (default "default")')
export const formatOption = (): Option =>
  new Option('-o, --output <format>', 'form of the output').choices([...formats]).default('table')
/** Of lists that have more to show than fits a usual screen. */
export const wideFormatOption = (): Option =>
  new Option('-o, --output <format>', 'form of the output').choices([...formats, 'wide']).default('table')
export const headersOption = (): Option => new Option('--no-headers', 'leave out the head of the table')
export const idempotencyOption = (): Option =>
  new Option('--idempotency-key <id>', 'command id: the same command sent twice is applied once')
export const ifMatchOption = (): Option =>
  new Option('--if-match <revision>', 'apply only at this revision, or version:<n>')

/** Throws commander's own error, which ends as wrong usage. */
export const wholeNumber = (text: string): number => {
  if (!/^\d{1,15}$/.test(text)) throw new InvalidArgumentError('expected a whole number')
  return Number(text)
}
