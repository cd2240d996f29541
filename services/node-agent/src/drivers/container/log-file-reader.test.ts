import { appendFileSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { openLogFile, type FilePlace, type LogFileReader } from './log-file-reader.ts'

let folder: string
let path: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'dunlin-log-'))
  path = join(folder, 'ctr.log')
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

const k8s = (text: string, mark = 'F', stream = 'stdout'): string =>
  `2026-11-21T18:21:42.066918617+00:00 ${stream} ${mark} ${text}\n`
const open = (from?: FilePlace): LogFileReader => {
  const reader = openLogFile(path, from)
  if (!reader) throw new Error('not readable')
  return reader
}
const all = (reader: LogFileReader): string => {
  let text = ''
  for (let entries = reader.next(); entries.length > 0; entries = reader.next())
    text += entries.map(({ stream, data }) => (stream === 'stderr' ? `!${data.toString()}` : data.toString())).join('')
  return text
}

describe('the log file of an engine', () => {
  it('is read in both of its forms, with streams, parts of lines, and what is no line at all', () => {
    writeFileSync(path, k8s('one') + k8s('err', 'F', 'stderr') + k8s('pa', 'P') + k8s('rt') + 'rubbish\n' + k8s(''))
    expect(all(open())).toBe('one\n!err\npart\n\n')
    writeFileSync(
      path,
      `{"log":"one\\n","stream":"stdout","time":"x"}\n{"log":"two","stream":"stderr","time":"x"}\n{"no":1}\n`,
    )
    expect(all(open())).toBe('one\n!two')
  })

  it('waits for the end of a line, and goes on where another reader ended', () => {
    writeFileSync(path, k8s('one') + k8s('two').slice(0, -3))
    const first = open()
    expect(all(first)).toBe('one\n')
    appendFileSync(path, 'wo\n')
    expect(all(open(first.place()))).toBe('two\n')
    expect(all(first)).toBe('two\n')
  })

  it('reads lines that are longer than a chunk', () => {
    const long = 'x'.repeat(700_000)
    writeFileSync(path, k8s('a') + k8s(long) + k8s('b'))
    expect(all(open())).toBe(`a\n${long}\nb\n`)
  })

  it('reads a file that was replaced to its end before the next one', () => {
    writeFileSync(path, k8s('one'))
    const reader = open()
    expect(all(reader)).toBe('one\n')
    appendFileSync(path, k8s('two'))
    renameSync(path, `${path}.1`)
    writeFileSync(path, k8s('three'))
    expect(all(reader)).toBe('two\nthree\n')
  })

  it('finds the older file again that was renamed while nobody read', () => {
    writeFileSync(path, k8s('one'))
    const reader = open()
    all(reader)
    const place = reader.place()
    reader.close()
    appendFileSync(path, k8s('two'))
    renameSync(path, `${path}.1`)
    writeFileSync(path, k8s('three'))
    expect(all(open(place))).toBe('two\nthree\n')
  })

  it('is none where it cannot be read', () => {
    expect(openLogFile(join(folder, 'not-there'), undefined)).toBeUndefined()
  })
})
