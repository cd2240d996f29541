/**
 * A small HTTP endpoint beside a service: `/livez` (the process runs), `/readyz` (it can work; else 503 with reasons)
 * and `/metrics`. Plain node:http: a scheduler needs no framework to say that it is well.
 */
import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Metrics } from './metrics.ts'
import type { Readiness } from './readiness.ts'

export interface HealthOptions {
  readonly host?: string
  /** 0 = any free port. */
  readonly port: number
  readonly readiness: Readiness
  readonly metrics: Metrics
}

export interface HealthEndpoint {
  /** e.g. `http://127.0.0.1:9100` */
  readonly url: string
  stop(): Promise<void>
}

const sendJson = (response: ServerResponse, status: number, body: unknown): void => {
  response.writeHead(status, { 'content-type': 'application/json', 'cache-control': 'no-store' })
  response.end(JSON.stringify(body))
}

/** Throws when the port is taken. */
export const startHealth = async ({
  host = '127.0.0.1',
  port,
  readiness,
  metrics,
}: HealthOptions): Promise<HealthEndpoint> => {
  const server = createServer((request, response) => {
    const path = (request.url ?? '/').split('?')[0]
    if (request.method !== 'GET' && request.method !== 'HEAD')
      return sendJson(response, 405, { code: 'method_not_allowed' })
    if (path === '/livez') return sendJson(response, 200, { live: true })
    if (path === '/readyz') {
      const reasons = readiness.reasons()
      return sendJson(response, reasons.length === 0 ? 200 : 503, { ready: reasons.length === 0, reasons })
    }
    if (path === '/metrics') {
      metrics.set('dunlin_ready', {}, readiness.isReady() ? 1 : 0)
      response.writeHead(200, { 'content-type': 'text/plain; version=0.0.4; charset=utf-8' })
      return response.end(metrics.text())
    }
    return sendJson(response, 404, { code: 'route_not_found', routes: ['/livez', '/readyz', '/metrics'] })
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, host, resolve)
  })
  const { port: bound } = server.address() as AddressInfo
  return {
    url: `http://${host.includes(':') ? `[${host}]` : host}:${bound}`,
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}
