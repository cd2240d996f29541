/** Compacts many subjects, one after another: what `dunlin log compact` runs. */
import type { Kinds } from '../fold/types.ts'
import { compactAggregate } from './compact-aggregate.ts'
import type { CompactOptions, CompactResult, CompactTarget } from './types.ts'

/**
 * @throws DunlinError what the log or the archive throws; the subjects before are compacted, the present one can be
 * run again
 */
export async function* compactLog<K extends Kinds>(
  options: CompactOptions<K>,
  targets: Iterable<CompactTarget>,
): AsyncGenerator<CompactResult> {
  for (const target of targets) {
    let result = await compactAggregate(options, target)
    // Once more at once: a single writer that came between is the usual case.
    if (!result.done && result.skipped === 'busy') result = await compactAggregate(options, target)
    yield result
  }
}
