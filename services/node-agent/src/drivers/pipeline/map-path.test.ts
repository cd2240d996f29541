import { expect, test } from 'vitest'
import { mapPath } from './map-path.ts'

test.each([
  ['/var/log/app/*.log', '/d/app/*.log'],
  ['/var/log/app', '/d/app'],
  ['/var/log/application/x', '/all/application/x'],
  ['/var/log/x', '/all/x'],
  ['/etc/x', '/etc/x'],
  ['relative/x', 'relative/x'],
])('%s is read at %s', (path, mapped) => {
  const prefixes = [
    { from: '/var/log', to: '/all' },
    { from: '/var/log/app', to: '/d/app' },
  ]
  expect(mapPath(path, prefixes)).toBe(mapped)
})

test('a mapped root takes everything', () => {
  expect(mapPath('/etc/x', [{ from: '/', to: '/jail' }])).toBe('/jail/etc/x')
})
