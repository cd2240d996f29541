import { fc, test } from '@fast-check/vitest'
import { expect, it } from 'vitest'
import { createLineWriter } from './line-writer.ts'

const X = '01M7Z3YDZ15VB8MXBCB2N2HRH0'
const write = (parts: readonly (readonly [node: string, text: string])[], prefixed: boolean): string => {
  let out = ''
  const writer = createLineWriter({ out: (text) => void (out += text as string), style: (_, text) => text }, prefixed)
  for (const [node, text] of parts)
    writer.text({ type: 'text', node, execution: node + X, stream: 'stdout', text, at: '' })
  for (const node of new Set(parts.map(([one]) => one))) if (node !== 'open') writer.finish(node + X)
  writer.close()
  return out
}

const part = fc.tuple(
  fc.constantFrom('n1', 'n2'),
  fc.string({ unit: fc.constantFrom('a', 'b', '\n'), minLength: 1, maxLength: 8 }),
)

test.prop([fc.array(part)])('every line of a node comes out once, whole and in its order', (parts) => {
  const lines = write(parts, true).split('\n').slice(0, -1)
  for (const node of ['n1', 'n2']) {
    const own = lines.filter((line) => line.startsWith(`${node} | `)).map((line) => line.slice(5))
    const text = parts.map(([one, piece]) => (one === node ? piece : '')).join('')
    expect(own).toEqual(
      text
        .replace(/\n$/, '')
        .split('\n')
        .slice(0, text === '' ? 0 : undefined),
    )
  }
  expect(lines.filter((line) => !/^n[12] \| /.test(line))).toEqual([])
})

it('leaves lines as they are without a prefix', () => {
  expect(
    write(
      [
        ['n1', 'one\ntw'],
        ['n1', 'o\n'],
      ],
      false,
    ),
  ).toBe('one\ntwo\n')
})

it('puts out a line that never ends, in pieces', () => {
  expect(
    write(
      [
        ['n1', 'x'.repeat(1024 * 1024)],
        ['n1', 'y'],
      ],
      false,
    ).length,
  ).toBe(1024 * 1024 + 3)
})

it('puts out what nobody ended when nothing more comes', () => {
  expect(
    write(
      [
        ['open', 'Password: '],
        ['n1', 'one'],
      ],
      true,
    ),
  ).toBe('n1 | one\nopen | Password: \n')
})
