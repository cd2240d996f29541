/** The fast reader and the schema give the same answer, whatever somebody sends. */
import { fc, test } from '@fast-check/vitest'
import { expect, it } from 'vitest'
import { heartbeatSchema, type Heartbeat } from './heartbeat.ts'
import { isHeartbeat, readHeartbeat } from './read.ts'

const good: Heartbeat = heartbeatSchema.parse({
  s: 1,
  node: 'n-1_Z',
  boot: '01J0000000000000000000000B',
  n: 7,
  at: 1_700_000_000_000,
  gen: [0, 12],
  rep: 3,
  pr: ['disk_full'],
  ex: [
    {
      x: '01J0000000000000000000000X',
      g: [1, 9],
      st: 'running',
      in: 20,
      er: 1,
      rs: 0,
      w: [
        [1, 10, 0, ''],
        [2, 20, 1, 'r'],
      ],
    },
    { x: '01J0000000000000000000000Y', g: [0, 0], st: 'failed', in: 0, er: 0, rs: 4 },
  ],
})

type Path = readonly (string | number)[]
const paths = (value: unknown, at: Path = []): Path[] =>
  typeof value === 'object' && value !== null
    ? [at, ...Object.entries(value).flatMap(([key, inner]) => paths(inner, [...at, key]))]
    : [at]

/** The heartbeat with another value (or none) at one place. */
const changed = (path: Path, value: unknown): unknown => {
  const [first, ...rest] = path
  if (first === undefined) return value
  const copy = structuredClone(good) as unknown as Record<string | number, unknown>
  let inner = copy
  for (const key of path.slice(0, -1)) inner = inner[key] as typeof copy
  const last = rest.at(-1) ?? first
  if (value === undefined && !Array.isArray(inner)) delete inner[last]
  else inner[last] = value ?? null
  return copy
}

const strange = fc.oneof(
  fc.constantFrom<unknown[]>(
    undefined,
    null,
    true,
    false,
    '',
    'r',
    'running',
    'validating',
    '01J0000000000000000000000Z',
    '01J0000000000000000000000U',
    '01J0000000000000000000000z',
    '01J000000000000000000000Z',
    'a'.repeat(64),
    'a'.repeat(65),
    'a.b',
    'ä',
    0,
    -0,
    -1,
    1,
    1.5,
    2 ** 53,
    -(2 ** 53),
    1e300,
    8.64e15,
    8.64e15 + 1,
    'x'.repeat(129),
    Array(65).fill('x'),
    Array.from({ length: 65 }, () => [1, 2, 3, '']),
    [],
    {},
    [1, 2],
    [1, -2],
    [1, 2, 3],
    [1, 2, 3, ''],
    [1, 2, 3, 'x'],
    [1, 2, 3, '', 5],
  ),
  fc.jsonValue(),
)

test.prop(
  [fc.constantFrom(...paths(good), ['bye'], ['pr'], ['pr', 0], ['more'], ['ex', 1, 'w'], ['ex', 0, 'more']), strange],
  {
    numRuns: 1000,
  },
)('whatever stands at any place of a heartbeat', (path, value) => {
  const sent: unknown = JSON.parse(JSON.stringify(changed(path, value)) ?? 'null')
  const read = heartbeatSchema.safeParse(sent)
  expect(isHeartbeat(sent)).toBe(read.success)
  if (read.success) expect(sent).toMatchObject(read.data)
})

test.prop([fc.jsonValue()])('whatever is sent instead of one', (sent) => {
  expect(isHeartbeat(sent)).toBe(heartbeatSchema.safeParse(sent).success)
})

it('reads bytes, and nothing from bytes that are no JSON', () => {
  const encoder = new TextEncoder()
  expect(readHeartbeat(encoder.encode(JSON.stringify(good)))).toEqual(good)
  expect(readHeartbeat(encoder.encode('{"s":1'))).toBeUndefined()
  expect(readHeartbeat(new Uint8Array([0xff, 0xfe]))).toBeUndefined()
  expect(readHeartbeat(encoder.encode(JSON.stringify({ ...good, s: 2 })))).toBeUndefined()
})
