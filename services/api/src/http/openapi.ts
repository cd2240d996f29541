/** The OpenAPI 3.1 document, made from the contract table. */
import { commonErrors, errorCatalogue, operations, problemView, type Operation } from '@dunlin/contracts'
import {
  createDocument,
  type ZodOpenApiObject,
  type ZodOpenApiOperationObject,
  type ZodOpenApiPathsObject,
} from 'zod-openapi'

type Responses = NonNullable<ZodOpenApiOperationObject['responses']>

const content = (entry: Operation): Responses[`${1 | 2 | 3 | 4 | 5}${string}`] => {
  const { response } = entry
  if (response === 'event-stream')
    return { description: 'Server-sent events', content: { 'text/event-stream': { schema: { type: 'string' } } } }
  if (response === 'json-lines')
    return { description: 'Lines of JSON', content: { 'application/x-ndjson': { schema: entry.line ?? {} } } }
  if (response === 'text') return { description: 'Text', content: { 'text/plain': { schema: { type: 'string' } } } }
  return { description: 'Done', content: { 'application/json': { schema: response } } }
}

/** One entry per status, naming the codes that it may carry. */
const failures = (entry: Operation): Responses => {
  const byStatus = new Map<number, string[]>()
  for (const code of [...commonErrors, ...entry.errors]) {
    const { status } = errorCatalogue[code]
    byStatus.set(status, [...(byStatus.get(status) ?? []), code])
  }
  return Object.fromEntries(
    [...byStatus].map(([status, codes]) => [
      String(status),
      { description: codes.join(', '), content: { 'application/problem+json': { schema: problemView } } },
    ]),
  )
}

const specBody = {
  required: true,
  description: 'A job spec',
  content: {
    'application/json': { schema: { type: 'object' as const } },
    'application/yaml': { schema: { type: 'string' as const } },
  },
}

const operationObject = (id: string, entry: Operation): ZodOpenApiOperationObject => ({
  operationId: id,
  summary: entry.summary,
  tags: [entry.tag],
  requestParams: {
    ...(entry.params === undefined ? {} : { path: entry.params }),
    ...(entry.query === undefined ? {} : { query: entry.query }),
    ...(entry.headers === undefined ? {} : { header: entry.headers }),
  },
  ...(entry.body === undefined
    ? {}
    : { requestBody: entry.body === 'spec' ? specBody : { content: { 'application/json': { schema: entry.body } } } }),
  responses: { '200': content(entry), ...failures(entry) },
})

export const openApiDocument = (version: string): ReturnType<typeof createDocument> => {
  const paths: ZodOpenApiPathsObject = {}
  for (const [id, entry] of Object.entries<Operation>(operations)) {
    const method = entry.method.toLowerCase() as 'get' | 'put' | 'post' | 'delete'
    paths[entry.path] = { ...paths[entry.path], [method]: operationObject(id, entry) }
  }
  const document: ZodOpenApiObject = {
    openapi: '3.1.1',
    info: { title: 'Dunlin', version, description: 'Jobs for fleets of edge nodes, on one log.' },
    paths,
  }
  // A client made from this must bear new fields in answers.
  return createDocument(document, { allowEmptySchema: { unknown: true } })
}
