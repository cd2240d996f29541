/** Makes one typed error of all that is wrong with a spec. */
import { DunlinError } from '../errors/error.ts'
import { pathText, type YamlSource } from '../source/place.ts'
import type { SpecIssue } from './issue.ts'
import { MAX_LISTED } from './issues.ts'

/** Somebody's key may be as long as the text. */
const MAX_PATH = 512

/** `literal_secret` when that is all that is wrong, else `invalid_spec`; values are never repeated. */
export const specRefusal = (issues: readonly SpecIssue[], source: YamlSource | undefined): DunlinError => {
  const errors = issues.slice(0, MAX_LISTED).map(({ path, ...issue }) => ({
    path: pathText(path).slice(0, MAX_PATH),
    ...issue,
    ...source?.placeOf(path),
  }))
  const onlySecrets = issues.every((issue) => issue.code === 'literal_secret')
  const [first] = errors
  const where = first === undefined || first.path === '' ? 'The job spec' : first.path
  const more = issues.length > 1 ? ` (and ${issues.length - 1} more)` : ''
  const detail = `${where}: ${first?.message ?? 'is not valid'}${more}`
  return new DunlinError(onlySecrets ? 'literal_secret' : 'invalid_spec', detail, { errors })
}
