// Nothing in the repository is true on one machine only: no developer's folders, no package registry.
import type { Rule } from '../tree.ts'

/** What a package manager writes down for itself. */
const exempt = new Set(['pnpm-lock.yaml'])

// Put together from parts, because this file is read by its own rule as well.
const homes = ['work', 'root', 'home/[a-z][\\w.-]*', 'Users/[A-Za-z][\\w.-]*'].join('|')
const hosts = [
  'registry\\.(npmjs|yarnpkg|npmmirror)\\.(org|com)',
  ['npm', 'pkg', 'github', 'com'].join('\\.'),
  ['proxy', 'golang', 'org'].join('\\.'),
  ['pypi', 'org'].join('\\.'),
  '[\\w-]+\\.jfrog\\.io',
].join('|')

const developerFolder = new RegExp(`(?<![\\w.$}~*/-])/(?:${homes})(?:/|(?=['"\`\\s)]))`)
const registryHost = new RegExp(`\\b(?:${hosts})\\b`)

export const foreignPlaces: Rule = (tree) =>
  [...tree]
    .filter(([path]) => !exempt.has(path))
    .flatMap(([path, text]) =>
      text.split('\n').flatMap((line, index) => {
        const place = developerFolder.exec(line)?.[0] ?? registryHost.exec(line)?.[0]
        return place === undefined ? [] : [`${path}:${index + 1}: names ${place}`]
      }),
    )
