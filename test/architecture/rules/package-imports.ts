// Who may import whom: the arrows of docs/architecture.md.
import { packagesOf, workspaceImports, type Package } from '../packages.ts'
import { isTest, type Rule } from '../tree.ts'

const foundation = ['contracts', 'domain', 'eventstore', 'nats', 'runtime']

/** Folder's last name -> what its shipped code may import. What is not listed imports nothing of ours. */
const arrows: Readonly<Record<string, readonly string[]>> = {
  'packages/contracts': [],
  'packages/domain': ['contracts'],
  'packages/eventstore': ['contracts'],
  'packages/nats': ['eventstore', 'contracts'],
  'packages/runtime': ['contracts'],
  'packages/pipeline': [],
  'packages/client': ['contracts'],
  'packages/cli': ['client', 'contracts', 'pipeline'],
  'services/api': [...foundation, 'pipeline'],
  'services/node-agent': [...foundation, 'pipeline'],
  'services/scheduler': foundation,
  'services/rollout-engine': foundation,
  'infra/nats': [],
}

/** `infra` starts everything; `test` and `testkit` may look at everything. */
const unrestricted = new Set(['infra', 'test', 'packages/testkit'])

export const packageImports: Rule = (tree) => {
  const packages = packagesOf(tree)
  const byName = new Map(packages.map((one) => [one.name, one]))
  const declared = packages.flatMap((from) =>
    (['dependencies', 'devDependencies'] as const).flatMap((kind) =>
      from[kind].flatMap((name) => {
        const to = byName.get(name)
        const allowed = to === undefined || mayImport(from, to, kind === 'devDependencies')
        return allowed ? [] : [`${from.folder}/package.json: ${kind} must not name ${name}`]
      }),
    ),
  )
  const imported = workspaceImports(tree).flatMap(({ path, from, to, specifier }) => {
    if (!mayImport(from, to, isTest(path))) return [`${path}: must not import ${specifier}`]
    const known = isTest(path) ? [...from.dependencies, ...from.devDependencies] : from.dependencies
    return known.includes(to.name)
      ? []
      : [`${path}: imports ${specifier}, which ${from.folder}/package.json does not name`]
  })
  return [...declared, ...imported]
}

/** Tests put real parts together, of whatever package; nobody imports the tests that cross packages. */
function mayImport(from: Package, to: Package, inTest: boolean): boolean {
  if (to.folder === 'test') return false
  if (inTest || from.folder === 'test') return true
  if (to.folder === 'packages/testkit') return false
  if (unrestricted.has(from.folder)) return true
  return arrows[from.folder]?.some((name) => to.folder === `packages/${name}`) ?? false
}

/** Every package stands in the table, so that a new one gets its place by decision and not by accident. */
export const everyPackageHasItsPlace: Rule = (tree) =>
  packagesOf(tree)
    .filter(({ folder }) => arrows[folder] === undefined && !unrestricted.has(folder))
    .map(({ folder }) => `${folder}: has no arrows in test/architecture/rules/package-imports.ts`)
