#!/usr/bin/env node
// Starts the agent. In a source checkout the TypeScript sources run as they are (Node strips the types), and every
// package of the workspace is found by its "dunlin-source" export; an installed package runs its built files.
import { existsSync } from 'node:fs'
import * as nodeModule from 'node:module'

const { enableCompileCache, registerHooks } = nodeModule
if (enableCompileCache === undefined || registerHooks === undefined) {
  process.stderr.write(
    `dunlin-agent needs Node 26 or later, and this is ${process.version}; in a checkout use: pnpm exec dunlin-agent\n`,
  )
  process.exit(2)
}

// Compiled code is kept between runs: most of a short command's time would go into reading it again.
enableCompileCache()

const source = new URL('../src/main.ts', import.meta.url)
if (existsSync(source)) {
  registerHooks({
    resolve: (specifier, context, next) =>
      next(specifier, { ...context, conditions: ['dunlin-source', ...context.conditions] }),
  })
  await import(source.href)
} else {
  await import('../dist/main.js')
}
