/** How the agent's own processes are started, by the way in which the agent was. */
import { expect, it } from 'vitest'
import { processEntry } from './entry.ts'

const CONDITION = '--conditions=dunlin-source'

it.each([
  ['from sources by a launcher', 'file:///x/src/main.ts', [CONDITION], [CONDITION]],
  ['from sources by its command, which sets the condition by a hook', 'file:///x/src/main.ts', [], [CONDITION]],
  ['with the flag in two words', 'file:///x/src/main.ts', ['-C', 'other'], ['--conditions=other']],
  ['from a build', 'file:///x/dist/main.js', [], []],
  ['from the bundle', 'file:///x/agent.mjs', [], []],
])('%s', (_, from, execArgv, flags) => {
  const { entry, nodeFlags } = processEntry('query-process', from, execArgv)
  expect(entry).toBe(new URL(from.replace(/\w+(\.\w+)$/, 'query-process$1')).pathname)
  expect(nodeFlags.filter((flag) => flag.startsWith('--conditions'))).toEqual(flags)
})
