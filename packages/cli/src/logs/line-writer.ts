/** Puts whole lines out, each behind the name of its node, however the parts of different nodes come between each other. */
import type { LogRecord } from '@dunlin/contracts'
import type { Io, Style } from '../io.ts'

type Text = Extract<LogRecord, { type: 'text' }>

export interface LineWriter {
  text(record: Text): void
  /** Puts out what an execution left without a newline. */
  finish(execution: string): void
  /** Puts out what is left of all: nothing more comes. */
  close(): void
}

/** A line that does not end is put out in pieces of this size. */
const LONGEST_LINE = 1024 * 1024
const colours: readonly Style[] = ['cyan', 'green', 'yellow', 'magenta', 'blue']

/** A text that ends with a newline, with the prefix before each of its lines. */
const lines = (prefix: string, text: string): string =>
  prefix === '' ? text : prefix + text.slice(0, -1).replaceAll('\n', `\n${prefix}`) + text.slice(-1)

export const createLineWriter = (io: Pick<Io, 'out' | 'style'>, prefixed: boolean): LineWriter => {
  const prefixes = new Map<string, string>()
  const colourOf = new Map<string, Style>()
  const rests = new Map<string, { readonly prefix: string; readonly text: string }>()

  /** Errors are told from output by the sign behind the name, where colours are not. */
  const prefixOf = (node: string, stream: Text['stream']): string => {
    if (!prefixed) return ''
    const key = `${node}/${stream}`
    let prefix = prefixes.get(key)
    if (prefix === undefined) {
      const colour = colourOf.get(node) ?? colours[colourOf.size % colours.length] ?? 'cyan'
      colourOf.set(node, colour)
      prefix = `${io.style(colour, `${node} ${stream === 'stderr' ? '!' : '|'}`)} `
      prefixes.set(key, prefix)
    }
    return prefix
  }
  const finish = (key: string): void => {
    const rest = rests.get(key)
    if (rest) io.out(`${rest.prefix}${rest.text}\n`)
    rests.delete(key)
  }
  return {
    text: (record) => {
      const key = `${record.execution}/${record.stream}`
      const fresh = record.text ?? Buffer.from(record.base64 ?? '', 'base64').toString('utf8')
      const before = rests.get(key)?.text
      const text = before === undefined ? fresh : before + fresh
      const prefix = prefixOf(record.node, record.stream)
      const end = text.lastIndexOf('\n') + 1
      if (end > 0) io.out(lines(prefix, text.slice(0, end)))
      const rest = text.slice(end)
      if (rest === '') rests.delete(key)
      else if (rest.length < LONGEST_LINE) rests.set(key, { prefix, text: rest })
      else {
        rests.delete(key)
        io.out(`${prefix}${rest}\n`)
      }
    },
    finish: (execution) => {
      for (const stream of ['stdout', 'stderr']) finish(`${execution}/${stream}`)
    },
    close: () => {
      for (const key of rests.keys()) finish(key)
    },
  }
}
