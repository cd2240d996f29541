/** The table of faults in test/README.md promises tests; each of them must be there. */
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'

const root = join(import.meta.dirname, '../..')

/** `file`: "title", "title" pairs of every line of the table. */
const promised = (text: string): readonly { readonly file: string; readonly title: string }[] =>
  text
    .split('\n')
    .flatMap((line) =>
      [...line.matchAll(/`([^`]+\.test\.ts)`: ((?:"[^"]+"(?:, )?)+)/g)].flatMap(([, file = '', titles = '']) =>
        [...titles.matchAll(/"([^"]+)"/g)].map(([, title = '']) => ({ file, title })),
      ),
    )

const missing = (text: string): readonly string[] =>
  promised(text)
    .filter(({ file, title }) => {
      const path = join(root, file)
      return !existsSync(path) || !readFileSync(path, 'utf8').includes(title)
    })
    .map(({ file, title }) => `${file} has no test "${title}"`)

it('every test that the table of faults names exists', () => {
  const text = readFileSync(join(root, 'test/README.md'), 'utf8')
  expect(promised(text).length).toBeGreaterThan(20)
  expect(missing(text)).toEqual([])
})

it('a test that is not there is missed', () => {
  const self = 'test/architecture/faults.test.ts'
  expect(
    missing(`| x | \`${self}\`: "every test that the table", "${['no', 'such', 'title'].join(' ')}" |`),
  ).toHaveLength(1)
  expect(missing('| x | `test/none.test.ts`: "a" |')).toHaveLength(1)
})
