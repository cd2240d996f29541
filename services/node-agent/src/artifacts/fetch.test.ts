/** Against a real HTTP server that breaks, redirects, lies, and never ends. */
import type { Artifact } from '@dunlin/contracts/agent'
import { sha256 } from '@dunlin/runtime/agent'
import { randomBytes } from 'node:crypto'
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { TaskError } from '../drivers/driver.ts'
import { startHttpServer, type TestHttpServer } from '../testing/http-server.ts'
import { createArtifacts, type ArtifactOptions, type Artifacts } from './fetch.ts'

// A busy machine may be slow; nothing here waits longer than it must.
vi.setConfig({ testTimeout: 60_000 })
const eventually = (check: () => void): Promise<void> => vi.waitFor(check, { timeout: 25_000, interval: 10 })

let dir: string
let server: TestHttpServer
let base: string
let asked: IncomingMessage[]
let serve: (request: IncomingMessage, response: ServerResponse) => void

beforeEach(async () => {
  dir = mkdtempSync(join(tmpdir(), 'dunlin-artifacts-'))
  asked = []
  server = await startHttpServer((request, response) => {
    asked.push(request)
    serve(request, response)
  })
  base = server.base
})
afterEach(() => {
  server.stop()
  rmSync(dir, { recursive: true, force: true })
})

const cacheDir = (): string => join(dir, 'cache')
const open = (over: Partial<ArtifactOptions> = {}): Artifacts =>
  createArtifacts({
    dir: cacheDir(),
    cacheBytes: 64 * 1024 * 1024,
    policy: { roots: [], allowLinkLocal: false },
    patience: { firstMs: 1, mostMs: 4, attempts: 3, silentMs: 10_000 },
    ...over,
  })
const never = new AbortController().signal
const artifact = (body: Uint8Array, over: Partial<Artifact> = {}): Artifact => ({
  source: `${base}/file`,
  sha256: sha256(body),
  ...over,
})
const fetchIt = (wanted: Artifact, artifacts = open()): Promise<string> => artifacts.fetch(wanted, { signal: never })

/** The error of an attempt, as its code, whether it is permanent, and its sentence. */
const failureOf = async (work: Promise<unknown>): Promise<{ code: string; permanent: boolean; message: string }> => {
  const error = await work.then(
    () => undefined,
    (reason: unknown) => reason,
  )
  if (!(error instanceof TaskError)) throw new Error(`expected a TaskError, got ${String(error)}`)
  return { code: error.problem.code, permanent: error.permanent, message: error.message }
}

const rangeOf = ({ headers }: IncomingMessage): number => Number(/^bytes=(\d+)-$/.exec(headers.range ?? '')?.[1] ?? 0)

/** A file server that obeys ranges, and breaks each connection after `most` bytes. */
const serveRanges =
  (body: Buffer, { most = Infinity, etag = '"one"' } = {}) =>
  (request: IncomingMessage, response: ServerResponse): void => {
    const same = request.headers['if-range'] === undefined || request.headers['if-range'] === etag
    const from = same ? rangeOf(request) : 0
    const rest = body.subarray(from)
    response.writeHead(from > 0 ? 206 : 200, {
      etag,
      'content-length': rest.length,
      ...(from > 0 ? { 'content-range': `bytes ${from}-${body.length - 1}/${body.length}` } : {}),
    })
    if (rest.length <= most) return void response.end(rest)
    // An orderly end of the connection in the middle of the body: what was written does arrive.
    response.write(rest.subarray(0, most), () => response.socket?.end())
  }

describe('an artifact', () => {
  it('is fetched once, kept under its digest for its owner alone, and found again by the next agent', async () => {
    const body = randomBytes(300_000)
    serve = serveRanges(body)
    const path = await fetchIt(artifact(body))
    expect(readFileSync(path).equals(body)).toBe(true)
    expect(path).toBe(join(cacheDir(), sha256(body)))
    expect(statSync(path).mode & 0o777).toBe(0o600)
    expect(statSync(cacheDir()).mode & 0o777).toBe(0o700)
    await fetchIt(artifact(body))
    expect(asked).toHaveLength(1)
    expect(readdirSync(cacheDir())).toEqual([sha256(body)])
  })

  it('is fetched once for two that ask at the same time, and goes on when one of them gives up', async () => {
    const body = randomBytes(1_000)
    const held: ServerResponse[] = []
    serve = (_, response) => void held.push(response)
    const artifacts = open()
    const gone = new AbortController()
    const first = artifacts.fetch(artifact(body), { signal: gone.signal })
    const second = artifacts.fetch(artifact(body), { signal: never })
    await eventually(() => expect(held).toHaveLength(1))
    gone.abort(new Error('not wanted any more'))
    await expect(first).rejects.toThrow('not wanted any more')
    held[0]?.end(body)
    expect(readFileSync(await second).equals(body)).toBe(true)
    expect(asked).toHaveLength(1)
  })

  it('stops loading when nobody wants it any more, and can be asked for again at once', async () => {
    const body = randomBytes(2_000)
    let closed = 0
    serve = (request, response) => {
      response.on('close', () => (closed += 1))
      if (asked.length > 1) return serveRanges(body)(request, response)
      response.writeHead(200, { 'content-length': body.length })
      response.write(body.subarray(0, 10))
    }
    const artifacts = open()
    const gone = new AbortController()
    const first = artifacts.fetch(artifact(body), { signal: gone.signal })
    await eventually(() => expect(asked).toHaveLength(1))
    gone.abort(new Error('enough'))
    await expect(first).rejects.toThrow('enough')
    const second = artifacts.fetch(artifact(body), { signal: never })
    expect(readFileSync(await second).equals(body)).toBe(true)
    await eventually(() => expect(closed).toBe(2))
  })

  it('goes on where a broken connection ended, as long as the file is the same', async () => {
    const body = randomBytes(500_000)
    serve = serveRanges(body, { most: 200_000 })
    const told: string[] = []
    const path = await open().fetch(artifact(body), { signal: never, onProgress: (text) => told.push(text) })
    expect(readFileSync(path).equals(body)).toBe(true)
    expect(asked.length).toBeGreaterThan(2)
    expect(asked.slice(1).every(({ headers }) => headers['if-range'] === '"one"' && headers.range !== undefined)).toBe(
      true,
    )
    expect(told).toEqual(['artifact 0 of 0 MiB'])
  })

  it('begins again when the file was replaced between two connections', async () => {
    const old = randomBytes(400_000)
    const body = randomBytes(400_000)
    serve = (request, response) => {
      if (asked.length === 1) return serveRanges(old, { most: 100_000, etag: '"old"' })(request, response)
      serveRanges(body, { etag: '"new"' })(request, response)
    }
    expect(readFileSync(await fetchIt(artifact(body))).equals(body)).toBe(true)
    expect(asked).toHaveLength(2)
  })

  it('begins again when a server mixes two files, and believes the digest alone', async () => {
    const old = randomBytes(400_000)
    const body = randomBytes(400_000)
    const plain = (request: IncomingMessage, response: ServerResponse): void => {
      // No validator at all: nobody can tell that the rest belongs to another file.
      const from = rangeOf(request)
      const rest = (asked.length === 1 ? old : body).subarray(from)
      const range = from > 0 ? { 'content-range': `bytes ${from}-399999/400000` } : {}
      response.writeHead(from > 0 ? 206 : 200, { 'content-length': rest.length, ...range })
      if (asked.length > 1) return void response.end(rest)
      response.write(rest.subarray(0, 100_000))
    }
    serve = plain
    const gone = new AbortController()
    const artifacts = open({ patience: { firstMs: 60_000, mostMs: 60_000, attempts: 3, silentMs: 10_000 } })
    const first = artifacts.fetch(artifact(body), { signal: gone.signal })
    await eventually(() => expect(statSync(join(cacheDir(), `${sha256(body)}.part`)).size).toBe(100_000))
    // The agent is killed here; the next one finds the part.
    gone.abort(new Error('killed'))
    await expect(first).rejects.toThrow('killed')
    expect(readFileSync(await fetchIt(artifact(body))).equals(body)).toBe(true)
    expect(asked).toHaveLength(3)
    expect(asked[1]?.headers.range).toBe('bytes=100000-')
  })

  it('is loaded again when the file in the cache is not what its name says', async () => {
    const body = randomBytes(5_000)
    serve = serveRanges(body)
    mkdirSync(cacheDir(), { recursive: true })
    writeFileSync(join(cacheDir(), sha256(body)), body.subarray(0, 100))
    expect(readFileSync(await fetchIt(artifact(body))).equals(body)).toBe(true)
    expect(asked).toHaveLength(1)
  })

  it('is given as a copy of its own, which replaces a link and never writes through it', async () => {
    const body = randomBytes(5_000)
    serve = serveRanges(body)
    const path = join(dir, 'program')
    writeFileSync(join(dir, 'victim'), 'untouched')
    symlinkSync(join(dir, 'victim'), path)
    await open().place(artifact(body), { path, mode: 0o755 }, { signal: never })
    expect(readFileSync(path).equals(body)).toBe(true)
    expect(statSync(path).mode & 0o777).toBe(0o755)
    expect(readFileSync(join(dir, 'victim'), 'utf8')).toBe('untouched')
  })
})

describe('a server that cannot be believed', () => {
  it('sends another file: both digests are told, nothing is kept, and it is not asked again', async () => {
    const body = randomBytes(1_000)
    serve = serveRanges(randomBytes(1_000))
    const failure = await failureOf(fetchIt(artifact(body)))
    expect(failure).toMatchObject({ code: 'wrong_digest', permanent: true })
    expect(failure.message).toContain(sha256(body))
    expect(failure.message.match(/[0-9a-f]{64}/g)).toHaveLength(2)
    expect(asked).toHaveLength(1)
    expect(readdirSync(cacheDir())).toEqual([])
  })

  it('never ends: it is cut at max_bytes', async () => {
    let sent = 0
    serve = (_, response) => {
      const more = (): void => {
        for (let room = true; room && !response.destroyed; sent += 65_536) room = response.write(Buffer.alloc(65_536))
      }
      response.on('drain', more)
      more()
    }
    const endless = artifact(Buffer.from('x'), { max_bytes: 1_000_000 })
    expect(await failureOf(fetchIt(endless))).toMatchObject({ code: 'artifact_too_large', permanent: true })
    expect(readdirSync(cacheDir())).toEqual([])
  })

  it('announces too much: nothing is loaded', async () => {
    serve = (_, response) => response.writeHead(200, { 'content-length': 2_000_000 }).flushHeaders()
    const big = artifact(Buffer.from('x'), { max_bytes: 1_000_000 })
    expect(await failureOf(fetchIt(big))).toMatchObject({ code: 'artifact_too_large', permanent: true })
  })

  it('announces more than the disk has: disk_full, and later is another chance', async () => {
    serve = (_, response) => response.writeHead(200, { 'content-length': 2 ** 52 }).flushHeaders()
    const artifacts = open({ cacheBytes: 2 ** 53 })
    expect(await failureOf(fetchIt(artifact(Buffer.from('x')), artifacts))).toMatchObject({
      code: 'disk_full',
      permanent: false,
    })
  })

  it('says nothing: the connection counts as broken, and after some the attempt ends', async () => {
    serve = () => {}
    const artifacts = open({ patience: { firstMs: 1, mostMs: 1, attempts: 2, silentMs: 500 } })
    const failure = await failureOf(fetchIt(artifact(Buffer.from('x')), artifacts))
    expect(failure).toMatchObject({ code: 'artifact_unavailable', permanent: false })
    expect(failure.message).toContain('nothing came')
    expect(asked).toHaveLength(2)
  })

  it('sends headers for ever, one by one: no answer either', async () => {
    const drips: NodeJS.Timeout[] = []
    serve = (_, { socket }) => {
      socket?.write('HTTP/1.1 200 OK\r\n')
      drips.push(setInterval(() => socket?.write('x: y\r\n'), 5))
    }
    const artifacts = open({ patience: { firstMs: 1, mostMs: 1, attempts: 1, silentMs: 700 } })
    const failure = await failureOf(fetchIt(artifact(Buffer.from('x')), artifacts))
    for (const drip of drips) clearInterval(drip)
    expect(failure).toMatchObject({ code: 'artifact_unavailable', permanent: false })
    expect(failure.message).toContain('headers did not end')
  })

  it('fails for a while: asked again; says that there is no such file: not asked again', async () => {
    const body = randomBytes(100)
    serve = (request, response) =>
      asked.length < 3 ? void response.writeHead(503).end() : serveRanges(body)(request, response)
    expect(readFileSync(await fetchIt(artifact(body))).equals(body)).toBe(true)
    asked = []
    serve = (_, response) => void response.writeHead(404).end()
    const failure = await failureOf(fetchIt(artifact(Buffer.from('y'))))
    expect(failure).toMatchObject({ code: 'artifact_unavailable', permanent: false })
    expect(failure.message).toContain('404')
    expect(asked).toHaveLength(1)
  })
})

describe('redirects', () => {
  const redirectTo = (target: (path: string) => string | undefined) => {
    const body = randomBytes(1_000)
    serve = (request, response) => {
      const to = target(request.url ?? '')
      if (to === undefined) return serveRanges(body)(request, response)
      response.writeHead(302, { location: to }).end('nothing')
    }
    return artifact(body)
  }

  it('are followed, five of them', async () => {
    const five = redirectTo((path) => ({ '/file': '/1', '/1': '/2', '/2': '/3', '/3': '/4', '/4': `${base}/5` })[path])
    expect(existsSync(await fetchIt(five))).toBe(true)
    expect(asked).toHaveLength(6)
  })

  it.each([
    ['without end', () => '/file', 'more than 5 times'],
    ['to a file', () => 'file:///etc/passwd', 'only http and https'],
    ['to the metadata service', () => 'http://169.254.169.254/latest/meta-data', 'metadata address'],
    ["to another cloud's metadata service", () => 'http://168.63.129.16/machine', 'metadata address'],
    ['to the metadata service in other clothes', () => 'http://[::ffff:169.254.169.254]/', 'metadata address'],
    ['to the metadata service as a number', () => 'http://2852039166/', 'metadata address'],
    ['to nowhere', () => 'http://', 'no address'],
  ])('%s are refused for good', async (_, target, sentence) => {
    const failure = await failureOf(fetchIt(redirectTo(target)))
    expect(failure).toMatchObject({ code: 'artifact_refused', permanent: true })
    expect(failure.message).toContain(sentence)
  })
})

describe('a file: source', () => {
  it('is taken from below a root only, links followed', async () => {
    const body = randomBytes(1_000)
    const root = join(dir, 'root')
    mkdirSync(root)
    writeFileSync(join(root, 'inside'), body)
    writeFileSync(join(dir, 'outside'), body)
    symlinkSync(join(dir, 'outside'), join(root, 'link'))
    const from = (path: string): Artifact => artifact(body, { source: pathToFileURL(path).href })
    const policy = { roots: [root], allowLinkLocal: false }
    for (const path of [join(dir, 'outside'), join(root, 'link'), `${root}/../outside`, join(root, 'absent'), root])
      expect(await failureOf(fetchIt(from(path), open({ policy })))).toMatchObject({ code: 'artifact_refused' })
    expect((await failureOf(fetchIt(from(join(root, 'inside'))))).message).toContain('takes no file: sources')
    expect(readFileSync(await fetchIt(from(join(root, 'inside')), open({ policy }))).equals(body)).toBe(true)
    const wrong = { ...from(join(root, 'inside')), sha256: sha256('other') }
    expect(await failureOf(fetchIt(wrong, open({ policy })))).toMatchObject({ code: 'wrong_digest', permanent: true })
  })
})

describe('the cache', () => {
  it('stays within its bound: what was used longest ago goes, what is larger than all of it is refused', async () => {
    const bodies = [1, 2, 3].map(() => randomBytes(40_000))
    const wanted = bodies.map((body, n) => artifact(body, { source: `${base}/${n}` }))
    serve = (request, response) =>
      serveRanges(bodies[Number(request.url?.slice(1))] ?? Buffer.alloc(0))(request, response)
    const artifacts = open({ cacheBytes: 100_000 })
    for (const one of wanted.slice(0, 2)) {
      const path = await artifacts.fetch(one, { signal: never })
      // As if it had been used some time ago, the first one last.
      const at = Date.now() / 1000 - (one === wanted[0] ? 500 : 1_000)
      utimesSync(path, at, statSync(path).mtime)
    }
    await artifacts.fetch(wanted[2] ?? artifact(Buffer.alloc(0)), { signal: never })
    expect(readdirSync(cacheDir()).toSorted()).toEqual([sha256(bodies[0] ?? ''), sha256(bodies[2] ?? '')].toSorted())
    const larger = randomBytes(100_001)
    serve = serveRanges(larger)
    expect(await failureOf(fetchIt(artifact(larger), artifacts))).toMatchObject({ code: 'artifact_too_large' })
  })
})
