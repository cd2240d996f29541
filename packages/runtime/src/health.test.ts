import { afterEach, describe, expect, it } from 'vitest'
import { startHealth, type HealthEndpoint } from './health.ts'
import { createMetrics } from './metrics.ts'
import { createReadiness } from './readiness.ts'

let endpoint: HealthEndpoint | undefined
afterEach(() => endpoint?.stop())

describe('the health endpoint', () => {
  it('says 503 with every reason until all parts are ready', async () => {
    const readiness = createReadiness(['log', 'fold'])
    endpoint = await startHealth({ port: 0, readiness, metrics: createMetrics() })
    readiness.ready('log')
    const before = await fetch(`${endpoint.url}/readyz`)
    expect(before.status).toBe(503)
    expect(await before.json()).toEqual({ ready: false, reasons: [{ part: 'fold', reason: 'starting' }] })
    readiness.ready('fold')
    expect((await fetch(`${endpoint.url}/readyz`)).status).toBe(200)
    expect((await fetch(`${endpoint.url}/livez`)).status).toBe(200)
  })

  it('shows metrics as Prometheus text with escaped labels', async () => {
    const metrics = createMetrics()
    endpoint = await startHealth({ port: 0, readiness: createReadiness(), metrics })
    metrics.add('dunlin_commands_total', { verb: 'apply', outcome: 'a"b\\c' })
    metrics.add('dunlin_commands_total', { verb: 'apply', outcome: 'a"b\\c' }, 2)
    metrics.observe('dunlin_log_seq', () => 42)
    const text = await (await fetch(`${endpoint.url}/metrics`)).text()
    expect(text).toContain('dunlin_commands_total{verb="apply",outcome="a\\"b\\\\c"} 3\n')
    expect(text).toContain('# TYPE dunlin_log_seq gauge\ndunlin_log_seq 42\n')
    expect(text).toContain('dunlin_ready 1\n')
  })

  it('refuses other routes and methods', async () => {
    endpoint = await startHealth({ port: 0, readiness: createReadiness(), metrics: createMetrics() })
    expect((await fetch(`${endpoint.url}/nothing`)).status).toBe(404)
    expect((await fetch(`${endpoint.url}/livez`, { method: 'POST' })).status).toBe(405)
  })
})
