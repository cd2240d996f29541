import {
  appendFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { rotateTaskLogs } from './logs.ts'

let dir: string
const limits = { max_file_size: '4KiB', max_files: 3 }
const path = (name: string): string => join(dir, 'logs', name)
const text = (name: string): string => readFileSync(path(name), 'utf8')
const lines = (from: number, count: number): string =>
  Array.from({ length: count }, (_, index) => `line ${from + index}\n`).join('')

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'dunlin-logs-'))
  mkdirSync(join(dir, 'logs'))
})
afterEach(() => rmSync(dir, { recursive: true, force: true }))

describe('the logs of a task', () => {
  it('are left alone below their bound', () => {
    writeFileSync(path('stdout'), 'x'.repeat(4096))
    rotateTaskLogs(dir, limits)
    expect(existsSync(path('stdout.1'))).toBe(false)
  })

  it('are kept whole over the files that are allowed, and the oldest goes', () => {
    for (let n = 0; n < 5; n++) {
      appendFileSync(path('stdout'), lines(n * 500, 500).slice(0, 4100))
      rotateTaskLogs(dir, { ...limits, max_file_size: 4099 })
    }
    expect(statSync(path('stdout')).size).toBe(0)
    const kept = text('stdout.1')
    expect(kept).toMatch(/^dunlin: 1 bytes before this were not kept\nine 2000\n/)
    expect(text('stdout.2')).toContain('line 1501\n')
    expect(existsSync(path('stdout.3'))).toBe(false)
  })

  it('keep the newest of what was written too fast, and say how much they do not', () => {
    writeFileSync(path('stderr'), `${'old'.repeat(4000)}\n${lines(0, 100)}`)
    rotateTaskLogs(dir, limits)
    expect(text('stderr.1').startsWith(`dunlin: ${12_001 + lines(0, 100).length - 4096} bytes`)).toBe(true)
    expect(text('stderr.1').endsWith(lines(0, 100))).toBe(true)
    expect(statSync(path('stderr.1')).size).toBeLessThan(4096 + 100)
  })

  it('with one file only: nothing older is kept', () => {
    writeFileSync(path('stdout'), 'x'.repeat(5000))
    rotateTaskLogs(dir, { ...limits, max_files: 1 })
    expect([statSync(path('stdout')).size, existsSync(path('stdout.1'))]).toEqual([0, false])
  })

  it('go on where a writer has them open', () => {
    writeFileSync(path('stdout'), 'x'.repeat(5000))
    rotateTaskLogs(dir, limits)
    appendFileSync(path('stdout'), 'after\n')
    expect(text('stdout')).toBe('after\n')
  })

  it('are not asked for again before they are written, unless they were a moment ago', () => {
    vi.useFakeTimers({ toFake: ['performance'] })
    writeFileSync(path('stdout'), 'line\n')
    expect(rotateTaskLogs(dir, limits)).toBe(Infinity)
    appendFileSync(path('stdout'), 'line\n')
    const soonMs = rotateTaskLogs(dir, limits)
    vi.advanceTimersByTime(soonMs)
    const laterMs = rotateTaskLogs(dir, limits)
    expect(laterMs).toBeGreaterThan(soonMs)
    vi.advanceTimersByTime(laterMs)
    expect(rotateTaskLogs(dir, limits)).toBe(laterMs)
    vi.advanceTimersByTime(10_000)
    expect(rotateTaskLogs(dir, limits)).toBe(Infinity)
    vi.useRealTimers()
  })

  it('are looked at soon when they are full at each look', () => {
    const looks = [1, 2, 3].map(() => {
      writeFileSync(path('stdout'), 'x'.repeat(5000))
      return rotateTaskLogs(dir, limits)
    })
    expect(looks).toEqual([25, 25, 25])
  })

  it('are looked at more often when they grow', () => {
    const idleMs = rotateTaskLogs(dir, limits)
    writeFileSync(path('stdout'), 'x'.repeat(4000))
    rotateTaskLogs(dir, limits)
    appendFileSync(path('stdout'), 'x'.repeat(95))
    expect(rotateTaskLogs(dir, limits)).toBeLessThan(idleMs)
  })
})
