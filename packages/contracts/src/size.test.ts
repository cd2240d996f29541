import { describe, expect, it } from 'vitest'
import { parseSize } from './size.ts'

describe('sizes', () => {
  it.each([
    ['512', 512],
    ['1k', 1000],
    ['1Ki', 1024],
    ['512MiB', 536_870_912],
    ['1.5 GB', 1_500_000_000],
    ['4Gi', 4_294_967_296],
    ['0.5kib', 512],
  ])('%s is %i bytes', (text, bytes) => {
    expect(parseSize(text)).toBe(bytes)
  })
  it.each(['', 'lots', '-1', '1 mb extra', '1PB', '1e3', '99999999TB', 'MB'])('%j is none', (text) => {
    expect(parseSize(text)).toBeUndefined()
  })
})
