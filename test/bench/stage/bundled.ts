/**
 * A process of the bench as production runs one: one file of plain JavaScript, no type stripping, no module search.
 * Bundled from the sources, so nothing has to be built before.
 */
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { rolldown } from 'rolldown'

const root = fileURLToPath(new URL('../../../', import.meta.url))
const made = new Map<string, Promise<string>>()

const build = async (source: string, file: string, minify: boolean): Promise<string> => {
  const bundle = await rolldown({
    input: join(root, source),
    platform: 'node',
    resolve: { conditionNames: ['dunlin-source', 'node', 'import', 'default'] },
    // Loaded when a node has such a job, which no light agent of a bench has.
    external: ['dockerode', 'liquidjs', '@duckdb/node-api'],
  })
  await bundle.write({ file, format: 'esm', codeSplitting: false, minify })
  await bundle.close()
  return file
}

const once = (name: string, make: () => Promise<string>): Promise<string> => {
  const known = made.get(name)
  if (known !== undefined) return known
  const making = make()
  made.set(name, making)
  return making
}

/** Path of the bundle of `processes/<name>.ts`; made once. Readable, so that a profile is. */
export const bundled = (name: string, dir: string): Promise<string> =>
  once(`${name} in ${dir}`, () => build(`test/bench/processes/${name}.ts`, join(dir, `${name}.mjs`), false))

/** Path of a service in one small file; made once. */
export const bundledService = (name: string, dir: string): Promise<string> =>
  once(`service ${name} in ${dir}`, () => build(`services/${name}/src/main.ts`, join(dir, `service-${name}.mjs`), true))
