// The repository as a value: every rule of the house is a function of it, so it can be shown to fail on a tiny example.
import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

/** Path from the root (with `/`) -> text. */
export type Tree = ReadonlyMap<string, string>

/** A rule says what is wrong, one sentence each, with the path first. */
export type Rule = (tree: Tree) => readonly string[]

const binary = /\.(png|jpg|jpeg|gif|ico|woff2?|gz|zip|wasm|db)$/

/** All text files that are committed or would be by `git add`. */
export function readTree(root: string): Tree {
  const listed = execFileSync('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard'], {
    cwd: root,
    encoding: 'utf8',
    maxBuffer: 64 * 1024 * 1024,
  })
  const paths = listed.split('\0').filter((path) => path !== '' && !binary.test(path) && existsSync(join(root, path)))
  return new Map(paths.map((path) => [path, readFileSync(join(root, path), 'utf8')]))
}

/** A tree for an example: a path and its text, by turns. */
export function exampleTree(files: Readonly<Record<string, string | object>>): Tree {
  return new Map(
    Object.entries(files).map(([path, content]) => [
      path,
      typeof content === 'string' ? content : JSON.stringify(content),
    ]),
  )
}

export function isSource(path: string): boolean {
  return /\.(ts|mts|tsx|mjs)$/.test(path) && !path.endsWith('.d.ts')
}

/** Code that only runs in tests: it may use testkit, and nothing that is shipped may use it. */
export function isTest(path: string): boolean {
  return /\.test\.tsx?$/.test(path) || path.startsWith('test/') || path.startsWith('packages/testkit/')
}
