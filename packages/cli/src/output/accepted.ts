/** What a command is answered with, for people in one line. */
import type { AcceptedView } from '@dunlin/contracts'
import type { Io } from '../io.ts'
import { structured, type Format } from './format.ts'

/** `done` is the word for a command that changed something. */
export const printAccepted = (io: Io, accepted: AcceptedView, done: string, format: Format): void => {
  for (const { path, message } of accepted.warnings ?? [])
    io.err(`${io.styleErr('yellow', 'warning')} ${path === '' ? '' : `${path} `}${message}\n`)
  if (format !== 'table') return io.out(structured(format, accepted))
  const job = `${accepted.namespace}/${accepted.name}`
  const what = accepted.unchanged ? io.style('dim', 'unchanged') : io.style('green', done)
  io.out(`${job} ${what} (version ${accepted.version}, revision ${accepted.revision}, seq ${accepted.seq})\n`)
}
