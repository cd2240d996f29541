import { fc, test } from '@fast-check/vitest'
import { describe, expect, it } from 'vitest'
import * as z from 'zod'
import { errorCatalogue } from '../errors/catalogue.ts'
import { commonErrors, type Operation } from './operation.ts'
import { operations } from './operations.ts'

const table = Object.entries<Operation>(operations)
const namesIn = (path: string): string[] => [...path.matchAll(/\{(\w+)\}/g)].map(([, name = '']) => name)

describe('the contract table', () => {
  it('has each method and path once', () => {
    const routes = table.map(([, { method, path }]) => `${method} ${path}`)
    expect(routes).toEqual([...new Set(routes)])
  })

  it.each(table)('%s declares exactly the parameters of its path', (_id, { path, params }) => {
    expect(Object.keys(params?.shape ?? {}).toSorted()).toEqual(namesIn(path).toSorted())
  })

  it.each(table)('%s is for people too: a sentence without a full stop', (_id, { summary }) => {
    expect(summary).toMatch(/^[A-Z].*[^.]$/)
  })

  it.each(table)('%s names each error once, and none that any operation may answer', (_id, { errors }) => {
    expect(errors).toEqual([...new Set(errors)])
    expect(errors.filter((code) => (commonErrors as readonly string[]).includes(code))).toEqual([])
    expect(errors.filter((code) => !(code in errorCatalogue))).toEqual([])
  })

  it.each(table)('%s takes a body only where HTTP does', (_id, { method, body }) => {
    expect(body === undefined || method === 'PUT' || method === 'POST').toBe(true)
  })

  it.each(table.filter(([, { query }]) => query !== undefined))(
    '%s refuses parameters that it does not know',
    (_id, entry) => {
      expect(entry.query?.safeParse({ surprise: '1' }).error?.issues).toMatchObject([{ code: 'unrecognized_keys' }])
      expect(entry.query?.safeParse({}).success).toBe(true)
    },
  )

  it.each(table)('%s can be written as JSON Schema, with names in snake_case', (_id, { response, query, params }) => {
    const outputs = [response].filter((schema) => schema instanceof z.ZodType)
    const inputs = [query, params].filter((schema) => schema !== undefined)
    const written = [
      ...outputs.map((schema) => z.toJSONSchema(schema, { io: 'output' })),
      ...inputs.map((schema) => z.toJSONSchema(schema, { io: 'input' })),
    ]
    const names = written.flatMap((schema) => propertyNames(schema))
    expect(names.filter((name) => !/^[a-z]+(_[a-z]+)*$/.test(name))).toEqual([])
  })
})

const propertyNames = (schema: unknown): string[] => {
  if (typeof schema !== 'object' || schema === null) return []
  return Object.entries(schema).flatMap(([key, value]: [string, unknown]) =>
    key === 'properties' && typeof value === 'object' && value !== null
      ? [...Object.keys(value), ...Object.values(value).flatMap(propertyNames)]
      : propertyNames(value),
  )
}

describe('query parameters', () => {
  const { query } = operations.listJobs
  const events = operations.followEvents.query

  it('has a page of 100 unless asked otherwise', () => {
    expect(query.parse({})).toEqual({ limit: 100 })
    expect(query.parse({ limit: '7', min_seq: '12' })).toEqual({ limit: 7, min_seq: 12 })
    expect(query.parse({ limit: 7 })).toEqual({ limit: 7 })
  })

  it('tells callers the limits of a page', () => {
    const { properties } = z.toJSONSchema(query, { io: 'input' })
    expect(properties).toMatchObject({
      limit: { type: 'integer', minimum: 1, maximum: 1000, description: expect.stringContaining('100 when absent') },
    })
  })

  it.each(['', ' ', '0', '1001', '-1', '1.5', '1e2', '0x10', 'ten', '99999999999999999999'])(
    'refuses a limit of %j',
    (limit) => {
      expect(query.safeParse({ limit }).error?.issues[0]?.path).toEqual(['limit'])
    },
  )

  it.each(['', ' ', '-1', '1.5', '0x10', '9007199254740993'])('refuses to begin after %j', (since) => {
    expect(events.safeParse({ since }).success).toBe(false)
  })

  test.prop([fc.nat({ max: 2 ** 31 - 1 })])('a sequence means itself', (seq) => {
    expect(events.parse({ since: String(seq) })).toEqual({ since: seq })
  })

  it('takes one label or several', () => {
    expect(query.parse({ label: 'env=a' }).label).toBe('env=a')
    expect(query.parse({ label: ['env=a', 'zone=b'] }).label).toEqual(['env=a', 'zone=b'])
  })

  it('knows true and false, and nothing like them', () => {
    const { query: deletion } = operations.deleteJob
    expect(deletion.parse({ force: 'true' })).toEqual({ force: true })
    expect(deletion.parse({ force: 'false' })).toEqual({ force: false })
    expect(deletion.safeParse({ force: '1' }).success).toBe(false)
  })
})

describe('headers of a command', () => {
  const { headers } = operations.applyJob
  it.each(['5', '"5"', 'version:3', '"version:3"', '0'])('If-Match may be %s', (value) => {
    expect(headers.safeParse({ 'if-match': value }).success).toBe(true)
  })
  it.each(['', '*', 'v3', '-1', 'version:', '5,6', 'W/"5"', '1'.repeat(16)])('If-Match may not be %j', (value) => {
    expect(headers.safeParse({ 'if-match': value }).success).toBe(false)
  })
  it.each(['a', 'order-17/3', 'x'.repeat(200)])('an idempotency key may be %s', (value) => {
    expect(headers.safeParse({ 'idempotency-key': value }).success).toBe(true)
  })
  it.each(['', '~mine', 'two words', 'x'.repeat(201), 'zw\u00f6lf', 'a\nb'])(
    'an idempotency key may not be %j',
    (value) => {
      expect(headers.safeParse({ 'idempotency-key': value }).success).toBe(false)
    },
  )
  it('leaves alone what it does not know: proxies add headers', () => {
    expect(headers.parse({ 'x-forwarded-for': '10.0.0.1' })).toEqual({})
  })
})
