import { describe, expect, it } from 'vitest'
import { compareVersions } from './version-order.ts'

describe('the order of versions', () => {
  const ascending = [
    '0.9',
    '1.0.0-alpha',
    '1.0.0-alpha.1',
    '1.0.0-beta',
    '1.0.0-rc.2',
    '1.0.0-rc.10',
    '1.0.0',
    '1.0.1',
    '1.10.0',
    '2024.11.3',
  ]

  it.each(ascending.slice(1).map((later, n) => [ascending[n] ?? '', later]))('%s comes before %s', (earlier, later) => {
    expect(compareVersions(earlier, later)).toBeLessThan(0)
    expect(compareVersions(later, earlier)).toBeGreaterThan(0)
  })

  it.each([
    ['1.0', '1.0.0'],
    ['v1.2.3', '1.2.3'],
    ['1.0.0+linux', '1.0.0+again'],
  ])('%s is no older than %s', (a, b) => expect(compareVersions(a, b)).toBe(0))
})
