// The door of every npm script: makes a fresh machine ready, then runs the asked command on the pinned Node.
// Plain JavaScript without dependencies, because it runs on the host's Node before anything is installed.
// Everything it says goes to stderr; stdout belongs to the command (`npm start --silent -- --json` prints one line).
import { ensureDependencies } from './dependencies.mjs'
import { assertHostNode, pinnedNode } from './pinned-node.mjs'
import { say, SetupError } from './progress.mjs'
import { runChild } from './run-child.mjs'
import { root } from './root.mjs'

/** Each command of package.json, and the TypeScript source that it is. */
const commands = {
  demo: ['infra/dev/main.ts', 'demo'],
  start: ['infra/dev/main.ts', 'start'],
  test: ['infra/setup/test/main.ts'],
  bench: ['test/bench/main.ts'],
  sim: ['test/simulation/main.ts'],
  mutants: ['test/simulation/mutants/main.ts'],
  chaos: ['test/chaos/main.ts'],
  figures: ['test/figures/main.ts'],
}

async function main([name, ...args]) {
  const command = Object.hasOwn(commands, name ?? '') ? commands[name] : undefined
  if (command === undefined) {
    throw new SetupError(`unknown command ${name ?? '(none)'}; there are ${Object.keys(commands).join(', ')}`)
  }
  assertHostNode()
  await ensureDependencies(root)
  const node = pinnedNode(root)
  const [source, ...fixed] = command
  return runChild(node, [
    '--conditions=dunlin-source',
    '--import',
    './infra/setup/follow-parent.mjs',
    source,
    ...fixed,
    ...args,
  ])
}

try {
  const { code, signal } = await main(process.argv.slice(2))
  if (signal !== null) process.kill(process.pid, signal)
  process.exitCode = code ?? 1
} catch (error) {
  say(error instanceof SetupError ? error.message : String(error?.stack ?? error))
  process.exitCode = 1
}
