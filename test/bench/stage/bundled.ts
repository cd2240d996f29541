/**
 * A process of the bench as production runs one: one file of plain JavaScript, no type stripping, no module search.
 * Bundled from the sources, so nothing has to be built before.
 */
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { rolldown } from 'rolldown'

const processes = fileURLToPath(new URL('../processes/', import.meta.url))
const made = new Map<string, Promise<string>>()

const build = async (name: string, dir: string): Promise<string> => {
  const bundle = await rolldown({
    input: join(processes, `${name}.ts`),
    platform: 'node',
    resolve: { conditionNames: ['dunlin-source', 'node', 'import', 'default'] },
  })
  const file = join(dir, `${name}.mjs`)
  await bundle.write({ file, format: 'esm', codeSplitting: false })
  await bundle.close()
  return file
}

/** Path of the bundle of `processes/<name>.ts`; made once. */
export const bundled = (name: string, dir: string): Promise<string> => {
  const known = made.get(name)
  if (known !== undefined) return known
  const making = build(name, dir)
  made.set(name, making)
  return making
}
