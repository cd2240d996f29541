/**
 * Bundles the agent into one file, and what it starts or loads on demand into others beside it: a node loads what it needs and no
 * more. `node services/node-agent/build/bundle.ts [folder]` writes to dist-bundle/.
 */
import { readFileSync, statSync, writeFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { rolldown } from 'rolldown'

export interface Bundle {
  readonly file: string
  readonly bytes: number
  /** Every file of ours and of others that is inside. */
  readonly modules: readonly string[]
}

const sources = fileURLToPath(new URL('../src/', import.meta.url))

export const bundles = {
  agent: 'main.ts',
  'pipeline-process': 'pipeline-process.ts',
  'query-process': 'query-process.ts',
  'container-engine': 'drivers/container/client.ts',
  templates: 'templates/liquid.ts',
} as const
export type BundleName = keyof typeof bundles

/**
 * Node's TLS is 6 MB of an idle agent's memory, and most agents on a site speak to a plain local server or leaf node: it
 * is loaded when the first connection needs it. The transport's own line must be found, or the build fails.
 */
const LAZY = `let tls_1;
const node_tls_1 = {
  connect: (...args) => (tls_1 ??= require("node:tls")).connect(...args),
  get TLSSocket() { return tls_1?.TLSSocket ?? class {} },
};`

const lazyTls = {
  name: 'lazy-tls',
  transform: (code: string, id: string): string | undefined => {
    if (!id.endsWith('/node_transport.js')) return undefined
    const eager = 'const node_tls_1 = require("node:tls");'
    if (!code.includes(eager)) throw new Error(`${id}: "${eager}" is not there any more`)
    return code.replace(eager, LAZY)
  },
}

/** What the agent imports only when it is needed stays a file of its own beside it. */
const siblings = {
  name: 'siblings',
  resolveId: (source: string, importer: string | undefined, { kind }: { readonly kind: string }) => {
    if (kind !== 'dynamic-import' || importer === undefined || !source.startsWith('.')) return undefined
    const entry = relative(sources, join(dirname(importer), source))
    const sibling = Object.entries(bundles).find(([, file]) => file === entry)
    return sibling === undefined ? undefined : { id: `./${sibling[0]}.mjs`, external: true }
  },
}

/** Parts of the engine's client for what no agent does: building images, and engines behind ssh (with native code). */
const UNUSED: ReadonlySet<string> = new Set(['ssh2', 'protobufjs', '@grpc/grpc-js', '@grpc/proto-loader'])
const withoutUnused = {
  name: 'without-unused',
  resolveId: (source: string) => (UNUSED.has(source) ? `\0${source}` : undefined),
  load: (id: string) => (id.startsWith('\0') && UNUSED.has(id.slice(1)) ? 'export default {}' : undefined),
}

export const bundle = async (name: BundleName, folder: string): Promise<Bundle> => {
  const build = await rolldown({
    input: join(sources, bundles[name]),
    platform: 'node',
    // Sources, not dist: nothing has to be built before.
    resolve: { conditionNames: ['dunlin-source', 'node', 'import', 'default'] },
    treeshake: true,
    // Native code cannot be bundled: where it is not installed beside the bundle, the node has no `query` jobs.
    external: ['@duckdb/node-api'],
    plugins: [lazyTls, siblings, withoutUnused],
  })
  const file = join(folder, `${name}.mjs`)
  const { output } = await build.write({ file, format: 'esm', minify: true, codeSplitting: false })
  await build.close()
  // One character beyond ASCII makes V8 keep the whole source in two bytes a character.
  writeFileSync(file, readFileSync(file, 'utf8').replaceAll(/[^ -~\s]/g, escaped))
  const modules = output.flatMap((part) => (part.type === 'chunk' ? part.moduleIds : []))
  return { file, bytes: statSync(file).size, modules }
}

const escaped = (char: string): string => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const folder = process.argv[2] ?? fileURLToPath(new URL('../dist-bundle/', import.meta.url))
  for (const name of Object.keys(bundles) as BundleName[]) {
    const { file, bytes, modules } = await bundle(name, folder)
    process.stdout.write(`${file}: ${Math.round(bytes / 1024)} KiB from ${modules.length} files\n`)
  }
}
