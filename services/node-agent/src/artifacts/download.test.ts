/** Answers that a download survives and servers that would keep it busy for ever, on a real HTTP server. */
import type { Artifact } from '@dunlin/contracts/agent'
import { sha256 } from '@dunlin/runtime/agent'
import { randomBytes } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { TaskError } from '../drivers/driver.ts'
import { startHttpServer, type TestHttpServer } from '../testing/http-server.ts'
import type { Patience } from './download.ts'
import { createArtifacts } from './fetch.ts'

// A busy machine may be slow; nothing here waits longer than it must.
vi.setConfig({ testTimeout: 60_000 })

let dir: string
let server: TestHttpServer
let base: string
let asked: IncomingMessage[]
let serve: (request: IncomingMessage, response: ServerResponse) => void
const drips: NodeJS.Timeout[] = []

beforeEach(async () => {
  dir = mkdtempSync(join(tmpdir(), 'dunlin-download-'))
  asked = []
  server = await startHttpServer((request, response) => {
    asked.push(request)
    serve(request, response)
  })
  base = server.base
})
afterEach(() => {
  for (const drip of drips.splice(0)) clearInterval(drip)
  server.stop()
  rmSync(dir, { recursive: true, force: true })
})

const body = randomBytes(100_000)
const fetchIt = async (
  patience: Partial<Patience> = {},
  wanted: Uint8Array = body,
  over: Partial<Artifact> = {},
): Promise<Buffer> => {
  const artifacts = createArtifacts({
    dir,
    cacheBytes: 64 * 1024 * 1024,
    policy: { roots: [], allowLinkLocal: false },
    patience: { firstMs: 1, mostMs: 4, attempts: 3, silentMs: 10_000, ...patience },
  })
  const one = { source: `${base}/file`, sha256: sha256(wanted), ...over }
  return readFileSync(await artifacts.fetch(one, { signal: new AbortController().signal }))
}
const failureOf = async (work: Promise<unknown>): Promise<string> => {
  const error: unknown = await work.then(() => undefined).catch((reason: unknown) => reason)
  if (!(error instanceof TaskError)) throw new Error(`expected a TaskError, got ${String(error)}`)
  return `${error.problem.code}${error.permanent ? '' : ' (again later)'}: ${error.message}`
}

const rangeOf = ({ headers }: IncomingMessage): number => Number(/^bytes=(\d+)-$/.exec(headers.range ?? '')?.[1] ?? 0)
const ranges = (): (string | undefined)[] => asked.map(({ headers }) => headers.range)
const partBytes = (): number => statSync(join(dir, `${sha256(body)}.part`), { throwIfNoEntry: false })?.size ?? 0

/** Begins an answer as a server of files does. Returns what of the body belongs to it. */
const begin = (request: IncomingMessage, response: ServerResponse, etag = '"one"'): Buffer => {
  const from = rangeOf(request)
  const range = from > 0 ? { 'content-range': `bytes ${from}-${body.length - 1}/${body.length}` } : {}
  response.writeHead(from > 0 ? 206 : 200, { etag, 'content-length': body.length - from, ...range })
  return body.subarray(from)
}
/** Breaks the connection when `bytes` more have arrived: what is on the way when it breaks may be lost. */
const breakAfter = (response: ServerResponse, rest: Buffer, bytes: number): void => {
  const whole = body.length - rest.length + bytes
  response.write(rest.subarray(0, bytes))
  drips.push(setInterval(() => partBytes() >= whole && response.destroy(), 2))
}

describe('a server that would keep a download busy for ever', () => {
  it('drips: such a connection is broken off, some of them are enough, and what came is kept', async () => {
    serve = (request, response) => {
      const rest = begin(request, response)
      let at = 0
      drips.push(setInterval(() => response.write(rest.subarray(at, ++at)), 10))
    }
    const failure = await failureOf(fetchIt({ slowBytes: 1_000, slowMs: 100 }))
    expect(failure).toMatch(/^artifact_unavailable \(again later\): .* only \d+ bytes came in 0\.1 s/)
    expect(asked).toHaveLength(3)
    expect(partBytes()).toBeGreaterThan(0)
  })

  it('hands out one byte for each request', async () => {
    serve = (request, response) => breakAfter(response, begin(request, response), 1)
    const failure = await failureOf(fetchIt({ slowBytes: 1e12, slowMs: 60_000 }))
    expect(failure).toMatch(/^artifact_unavailable/)
    expect(asked).toHaveLength(3)
    expect(partBytes()).toBe(3)
  })

  it('breaks off each time, and has no rest for anybody', async () => {
    serve = (request, response) => {
      if (rangeOf(request) > 0) return void response.writeHead(416).end()
      breakAfter(response, begin(request, response), asked.length === 1 ? 20_000 : 10_000)
    }
    expect(await failureOf(fetchIt())).toMatch(/^artifact_unavailable/)
    expect(ranges()).toEqual([undefined, 'bytes=20000-', undefined])
  })
})

describe('an answer', () => {
  it('that falls silent in the middle is gone on with', async () => {
    serve = (request, response) => {
      const rest = begin(request, response)
      if (asked.length > 1) response.end(rest)
      else response.write(rest.subarray(0, 30_000))
    }
    expect((await fetchIt({ silentMs: 700 })).equals(body)).toBe(true)
    expect(ranges()).toEqual([undefined, 'bytes=30000-'])
  })

  it('without a length is taken chunk by chunk', async () => {
    serve = (_, response) => {
      for (let at = 0; at < body.length; at += 20_000) response.write(body.subarray(at, at + 20_000))
      response.end()
    }
    expect((await fetchIt()).equals(body)).toBe(true)
    expect(asked).toHaveLength(1)
  })

  it('that is compressed is never unpacked: its bytes are counted and compared as they come', async () => {
    const zeros = Buffer.alloc(50_000_000)
    const packed = gzipSync(zeros)
    serve = (_, response) => response.writeHead(200, { 'content-encoding': 'gzip' }).end(packed)
    expect(await failureOf(fetchIt({}, zeros, { max_bytes: 1_000_000 }))).toMatch(/^wrong_digest: /)
    expect(asked[0]?.headers['accept-encoding']).toBe('identity')
    // Under their own digest the same bytes are what was asked for.
    expect((await fetchIt({}, packed)).equals(packed)).toBe(true)
  })

  it('that is longer than it said is cut where it said', async () => {
    serve = (_, { socket }) => void socket?.end(`HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\n${'x'.repeat(1_000)}`)
    const failure = await failureOf(fetchIt({}, Buffer.from('x'.repeat(1_000))))
    expect(failure).toContain(`SHA-256 ${sha256('x'.repeat(10))}`)
  })

  it('that there is no rest (416) is followed by one request for everything', async () => {
    serve = (request, response) => {
      if (rangeOf(request) > 0) return void response.writeHead(416, { 'content-range': 'bytes */100000' }).end()
      const rest = begin(request, response)
      if (asked.length === 1) breakAfter(response, rest, 40_000)
      else response.end(rest)
    }
    expect((await fetchIt()).equals(body)).toBe(true)
    expect(ranges()).toEqual([undefined, 'bytes=40000-', undefined])
  })

  it('with another part than was asked for is not mixed with what is there', async () => {
    serve = (request, response) => {
      if (rangeOf(request) > 0) {
        response.writeHead(206, { etag: '"one"', 'content-range': 'bytes 39999-99999/100000' })
        return void response.end(body.subarray(39_999))
      }
      const rest = begin(request, response)
      if (asked.length === 1) breakAfter(response, rest, 40_000)
      else response.end(rest)
    }
    expect((await fetchIt()).equals(body)).toBe(true)
    expect(ranges()).toEqual([undefined, 'bytes=40000-', undefined])
  })

  it('with a weak ETag is gone on with by the time of its last change', async () => {
    const changed = 'Sat, 21 Nov 2026 12:00:00 GMT'
    serve = (request, response) => {
      response.setHeader('last-modified', changed)
      const rest = begin(request, response, 'W/"one"')
      if (asked.length === 1) breakAfter(response, rest, 40_000)
      else response.end(rest)
    }
    expect((await fetchIt()).equals(body)).toBe(true)
    expect(asked[1]?.headers['if-range']).toBe(changed)
  })

  it('whose ETag changed while it was broken is taken from its beginning', async () => {
    const old = randomBytes(100_000)
    serve = (request, response) => {
      if (asked.length === 1) {
        response.writeHead(200, { etag: '"old"', 'content-length': old.length })
        return breakAfter(response, old, 40_000)
      }
      const same = request.headers['if-range'] === '"new"'
      response.writeHead(same ? 206 : 200, { etag: '"new"' }).end(body)
    }
    expect((await fetchIt()).equals(body)).toBe(true)
    expect(asked[1]?.headers).toMatchObject({ 'if-range': '"old"', range: 'bytes=40000-' })
    expect(asked).toHaveLength(2)
  })
})
