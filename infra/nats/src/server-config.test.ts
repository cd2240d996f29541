import { expect, test } from 'vitest'
import { addressOf } from './greeting.ts'
import { renderConfig } from './server-config.ts'

const plain = { serverName: 'dunlin-1', port: 20_000, storeDir: '/var/lib/d u', maxPayloadBytes: 1_048_576 }

test('the server listens on loopback only and keeps its store where it was told', () => {
  const config = renderConfig(plain, '2.9.10')
  expect(config).toContain('listen: "127.0.0.1:20000"')
  expect(config).toContain('store_dir: "/var/lib/d u"')
  expect(config).not.toContain('sync_interval')
})

test('sync_interval is refused where the server would not know it', () => {
  const always = { ...plain, syncInterval: 'always' }
  expect(renderConfig(always, '2.14.9')).toContain('sync_interval: "always"')
  expect(() => renderConfig(always, '2.9.10')).toThrow('needs 2.10')
})

test('the address of a server is read from its URL', () => {
  expect(addressOf('nats://user:secret@127.0.0.1:7')).toEqual({ host: '127.0.0.1', port: 7 })
  expect(addressOf('localhost')).toEqual({ host: 'localhost', port: 4222 })
  expect(addressOf('nats://[::1]:9')).toEqual({ host: '::1', port: 9 })
})
