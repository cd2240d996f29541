import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { processSpec, startInProcess, type InProcess, type RequestParts } from '../test-tools/in-process.ts'

let given: InProcess
beforeAll(async () => {
  given = await startInProcess()
})
afterAll(() => given.stop())

const yaml = (text: string): RequestParts => ({ raw: text, type: 'application/yaml' })
const json = (text: string | Buffer): RequestParts => ({ raw: text })
const bomb = [
  'a: &a [x, x, x, x, x, x, x, x, x]',
  ...'bcdefghi'.split('').map((k, i) => `${k}: &${k} [${Array(9).fill(`*${'abcdefgh'[i]}`).join(', ')}]`),
].join('\n')
const name300 = '\u0001'.repeat(300)

describe('a bad PUT /api/v1/jobs is refused by name and place, and changes nothing', () => {
  it.each<[string, RequestParts, number, string]>([
    ['no body', {}, 400, 'malformed_body'],
    ['an empty body', json(''), 400, 'malformed_body'],
    ['broken JSON', json('{"name": '), 400, 'malformed_body'],
    ['broken YAML', yaml('name: [a'), 400, 'malformed_body'],
    ['JSON that is no object', json('[1]'), 400, 'invalid_spec'],
    ['invalid UTF-8', json(Buffer.from([0x7b, 0x22, 0xff, 0xfe, 0x22, 0x7d])), 400, 'malformed_body'],
    [
      'a number beyond 2^53',
      json(JSON.stringify(processSpec('x')).replace('"1000"', '9007199254740993')),
      400,
      'malformed_body',
    ],
    ['a YAML alias bomb', yaml(bomb), 400, 'malformed_body'],
    [
      'a body of 10 MB',
      json(JSON.stringify(processSpec('x', { description: 'x'.repeat(10_000_000) }))),
      413,
      'body_too_large',
    ],
    [
      'a spec above 512 KiB',
      json(JSON.stringify(processSpec('x', { config: { command: 'x', args: ['y'.repeat(600_000)] } }))),
      400,
      'invalid_spec',
    ],
    ['an unknown type', json(JSON.stringify({ ...processSpec('x'), type: 'proces' })), 400, 'invalid_spec'],
    ['an unknown field', json(JSON.stringify(processSpec('x', { prority: 3 }))), 400, 'invalid_spec'],
    [
      'a namespace of control characters',
      json(JSON.stringify(processSpec('x', { namespace: 'a\u0000b' }))),
      400,
      'invalid_spec',
    ],
    [
      'half a surrogate pair',
      json('{"name":"\\ud800","type":"process","config":{"command":"x"}}'),
      400,
      'invalid_spec',
    ],
    ['a name of 300 bytes', json(JSON.stringify(processSpec('n'.repeat(300)))), 400, 'invalid_spec'],
    ['a name of 300 control bytes', json(JSON.stringify(processSpec(name300))), 400, 'invalid_spec'],
    [
      'a config that the driver refuses',
      json(JSON.stringify({ ...processSpec('x'), config: { comand: 'x' } })),
      400,
      'invalid_spec',
    ],
    [
      'another content type',
      { raw: 'name=x', type: 'application/x-www-form-urlencoded' },
      415,
      'unsupported_media_type',
    ],
    [
      'a command id with a space',
      { body: processSpec('x'), headers: { 'idempotency-key': 'a b' } },
      400,
      'invalid_request',
    ],
    [
      "a command id of the system's",
      { body: processSpec('x'), headers: { 'idempotency-key': '~api.1' } },
      400,
      'invalid_request',
    ],
  ])('%s', async (_name, parts, status, code) => {
    const answer = await given.send('PUT', '/api/v1/jobs', parts)
    expect([answer.status, answer.problem().code]).toEqual([status, code])
    expect(String(answer.headers['content-type'])).toContain('application/problem+json')
    expect(answer.problem().type).toBe(`https://dunlin.dev/errors/${code}`)
    expect((await given.store.log.info()).lastSeq).toBe(0)
  })

  it('names line, column and nearest name of a YAML field', async () => {
    const answer = await given.send(
      'PUT',
      '/api/v1/jobs',
      yaml('name: x\ntype: process\nconfig:\n  command: x\npriorty: 3\n'),
    )
    expect(answer.problem().errors).toMatchObject([
      { path: 'priorty', line: 5, column: 1, hint: expect.stringContaining('priority') as string },
    ])
  })

  const pipeline =
    'name: x\ntype: pipeline\nconfig:\n  input: {file: {paths: [/var/log/app/*.log]}}\n  pipeline:\n    processors:\n      - mapping: |\n          root = this.(\n  output: {stdout: {}}\n'
  it.each([
    ['bare', pipeline, 7, 9],
    ['under spec', `spec:\n${pipeline.replaceAll(/^/gm, '  ')}`, 8, 11],
  ])('lints the mapping of a pipeline that comes %s, with its place', async (_how, text, line, column) => {
    const answer = await given.send('PUT', '/api/v1/jobs', yaml(text))
    expect(answer.problem()).toMatchObject({
      code: 'invalid_spec',
      errors: [{ path: 'config.pipeline.processors[0].mapping', code: 'mapping_parse', line, column }],
    })
  })

  it('refuses what nothing would act on by its name and place', async () => {
    const answer = await given.send(
      'PUT',
      '/api/v1/jobs',
      yaml('name: x\ntype: process\nconfig: {command: x}\nplacement:\n  count: 3\nschedule:\n  cron: 0 4 * * *\n'),
    )
    expect([answer.status, answer.problem()]).toMatchObject([
      501,
      {
        code: 'not_built',
        errors: [
          { path: 'placement', line: 4 },
          { path: 'schedule', line: 6 },
        ],
      },
    ])
    expect((await given.store.log.info()).lastSeq).toBe(0)
  })

  it('takes YAML that is right', async () => {
    const fresh = await startInProcess()
    const answer = await fresh.send('PUT', '/api/v1/jobs', yaml('name: x\ntype: process\nconfig: {command: sleep}\n'))
    expect(answer.json()).toMatchObject({ ok: true, name: 'x' })
    await fresh.stop()
  })
})

describe('other bad requests', () => {
  it.each([
    ['GET', `/api/v1/jobs/default/${'n'.repeat(300)}`, 404, 'job_not_found'],
    ['GET', '/api/v1/jobs/default/%ff', 400, 'invalid_request'],
    ['GET', `/api/v1/jobs/default/${'n'.repeat(9000)}`, 400, 'invalid_request'],
    ['POST', `/api/v1/jobs/default/${'n'.repeat(300)}/stop`, 400, 'invalid_subject'],
    ['GET', '/api/v1/events?since=x', 400, 'invalid_request'],
    ['GET', '/api/v1/events?job=x', 400, 'invalid_request'],
    ['GET', '/api/v1/commands/%20', 404, 'command_unknown'],
  ] as const)('%s %s', async (method, url, status, code) => {
    const answer = await given.send(method, url)
    expect([answer.status, answer.problem().code]).toEqual([status, code])
  })

  it('a stop with an unknown field, or with YAML', async () => {
    const unknown = await given.send('POST', '/api/v1/jobs/a/b/stop', { body: { reasn: 'x' } })
    expect(unknown.problem()).toMatchObject({ code: 'invalid_request', errors: [{ path: 'body' }] })
    expect((await given.send('POST', '/api/v1/jobs/a/b/stop', yaml('reason: x'))).problem().code).toBe(
      'unsupported_media_type',
    )
    const twice = await given.send('POST', '/api/v1/jobs/a/b/stop', json('{"reason": "a", "reason": "b"}'))
    expect(twice.problem()).toMatchObject({ code: 'malformed_body', errors: [{ path: 'reason', line: 1, column: 17 }] })
  })
})
