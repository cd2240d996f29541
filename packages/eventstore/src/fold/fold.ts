/**
 * Folds the log: one aggregate per subject, behind the fence. Subjects are independent of each other, so a process may
 * fold its own acknowledged commit, or the tail of one subject, before its follower delivers them: the fence then
 * meets them again as duplicates by sequence. `position` moves with the follower only.
 */
import { isUnreadable, readCommit, type UnreadableCommit } from '@dunlin/contracts/agent'
import type { Admission, Aggregate, Folding } from '../aggregate.ts'
import type { AnyCommit } from '../any-commit.ts'
import { isCheckpoint, rulesOf } from '../fence.ts'
import { markOf, type LogPosition, type Recorded } from '../log.ts'
import { parseAll, parseOne } from '../parse.ts'
import type { ReadonlyTable, Table } from '../table.ts'
import { createAhead } from './ahead.ts'
import { newCell, type Cell, type KindRules } from './cell.ts'
import { checkpointOf, type CheckpointName, type StoredState } from './checkpoint.ts'
import { createTake } from './take.ts'
import type { Fold, FoldOptions, Kinds } from './types.ts'
import { createWaiting } from './waiting.ts'

export const createFold = <K extends Kinds>(options: FoldOptions<K>): Fold<K> => {
  const kinds = Object.entries<Folding<unknown>>(options.kinds as Readonly<Record<string, Folding<unknown>>>).map(
    ([name, folding]): KindRules => ({ name, folding, rules: rulesOf(folding) }),
  )
  const byName = new Map(kinds.map((kind) => [kind.name, kind]))
  const emptyTables = (): Map<KindRules, Table<Cell>> =>
    new Map(kinds.map((kind) => [kind, new Map<string, Cell>() as Table<Cell>]))
  let tables = emptyTables()
  const bySubject = new Map<string, Cell>()
  const troubled = new Set<Cell>()
  const provided = new Map<string, StoredState | string>()
  const waiting = createWaiting()
  const ahead = createAhead(options.snapshot?.ahead)
  let position: LogPosition | undefined
  let era = 0

  const kindOf = (name: string): KindRules => {
    const kind = byName.get(name)
    if (kind === undefined) throw new TypeError(`this fold has no kind "${name}"`)
    return kind
  }
  const tableOf = (kind: KindRules): Table<Cell> => tables.get(kind) as Table<Cell>

  const locate = (subject: string): Cell | undefined => {
    const known = bySubject.get(subject)
    if (known !== undefined) return known
    const route = options.route(subject)
    if (route === undefined) return undefined
    const kind = kindOf(route.kind)
    const table = tableOf(kind)
    let cell = table.get(route.key)
    if (cell === undefined) {
      cell = newCell(kind, subject, route.key)
      cell.captured = take.captureId()
      table.set(route.key, cell)
    }
    bySubject.set(subject, cell)
    return cell
  }

  const take = createTake({
    provided,
    troubled,
    onTaken: (cell, seq, admission, commit) => {
      options.onFolded?.(
        { kind: cell.kind.name, key: cell.key, seq, admission, commit },
        cell as Aggregate<unknown> as Aggregate<K[keyof K]>,
      )
      if (waiting.any()) waiting.notify(cell.subject, cell.seq)
    },
  })

  /** Folds what was parsed; undefined when it is a checkpoint whose state was not provided. */
  const takeJson = (cell: Cell, seq: number, json: unknown, mayLack: boolean): Admission | undefined => {
    const read = readCommit(json)
    // The envelope check gives the same object back when it is a commit.
    if (read !== json) return take.take(cell, seq, undefined, asUnreadable(read))
    const commit = read as AnyCommit
    if (!mayLack && missing(cell, commit) !== undefined) return undefined
    return take.take(cell, seq, commit)
  }

  const missing = (cell: Cell, commit: AnyCommit): CheckpointName | undefined => {
    if (!isCheckpoint(commit) || cell.kind.folding.fence === 'report') return undefined
    const name = checkpointOf(commit)
    return name === undefined || provided.has(name.object) ? undefined : name
  }

  const applyAhead = (recorded: Recorded): Admission => {
    const cell = locate(recorded.subject)
    if (cell === undefined) return 'ignored'
    if (recorded.seq <= cell.seq) return take.take(cell, recorded.seq, undefined)
    noteAhead(recorded.subject, recorded.seq, recorded.data)
    return takeJson(cell, recorded.seq, parseOne(recorded.data), true) ?? 'ignored'
  }
  const noteAhead = (subject: string, seq: number, data: Uint8Array): void => {
    // Without a position nobody follows, and nothing would ever be compared.
    if (position !== undefined && seq > position.seq) ahead.note(seq, subject, data)
  }

  const reach = (to: LogPosition): void => {
    if (position === undefined || to.created !== position.created || to.seq >= position.seq) position = to
  }
  const moveTo = (recorded: Recorded): void => {
    if (position !== undefined && recorded.seq <= position.seq) return
    position = { created: position?.created ?? '', seq: recorded.seq, mark: markOf(recorded) }
    ahead.passed(recorded.seq)
  }

  const applyBatch = (batch: readonly Recorded[], from = 0): number => {
    // Only what will be folded is parsed: neither foreign subjects nor what was folded before.
    const cells: Cell[] = []
    const indexes: number[] = []
    const bodies: Uint8Array[] = []
    for (let i = from; i < batch.length; i++) {
      const recorded = batch[i] as Recorded
      const cell = locate(recorded.subject)
      if (cell === undefined) continue
      cells.push(cell)
      indexes.push(i)
      bodies.push(recorded.seq <= cell.seq ? NOTHING : recorded.data)
    }
    const values = parseAll(bodies)
    for (let n = 0; n < cells.length; n++) {
      const cell = cells[n] as Cell
      const index = indexes[n] as number
      const { seq } = batch[index] as Recorded
      if (seq <= cell.seq) take.take(cell, seq, undefined)
      else if (takeJson(cell, seq, values[n], false) === undefined) {
        if (index > from) moveTo(batch[index - 1] as Recorded)
        return index
      }
    }
    if (batch.length > from) moveTo(batch[batch.length - 1] as Recorded)
    return batch.length
  }

  const fold: Fold<K> = {
    version: options.version ?? '0',
    get position() {
      return position
    },
    apply(recorded) {
      const admission = applyAhead(recorded)
      moveTo(recorded)
      return admission
    },
    applyBatch,
    applyAhead,
    applyCommit(subject, seq, commit, data) {
      const cell = locate(subject)
      if (cell === undefined) return 'ignored'
      noteAhead(subject, seq, data)
      return take.take(cell, seq, commit)
    },
    contradiction: (batch) => ahead.contradiction(batch),
    foldedAhead: () => ahead.last(),
    get: (kind, key) => tableOf(kindOf(kind)).get(key) as Aggregate<K[typeof kind]> | undefined,
    initial: (kind, subject) => newCell(kindOf(kind), subject, '') as Aggregate<unknown> as Aggregate<K[typeof kind]>,
    table: (kind) => tableOf(kindOf(kind)) as unknown as ReadonlyTable<Aggregate<K[typeof kind]>>,
    count: (kind) => tableOf(kindOf(kind)).size,
    troubled: () => [...troubled].map((cell) => ({ kind: cell.kind.name, key: cell.key, aggregate: cell })),
    quarantined: () => fold.troubled().filter(({ aggregate }) => aggregate.condition.is === 'quarantined'),
    missingCheckpoint(recorded) {
      const cell = locateQuietly(recorded.subject)
      if (recorded.seq <= (cell?.seq ?? 0) || !asText(recorded.data).includes('"Checkpointed"')) return undefined
      const json = parseOne(recorded.data)
      const located = locate(recorded.subject)
      return located === undefined || readCommit(json) !== json ? undefined : missing(located, json as AnyCommit)
    },
    provide: (object, state) => void provided.set(object, state),
    folded: (subject) => locateQuietly(subject)?.seq ?? 0,
    whenFolded(subject, seq, run) {
      if (fold.folded(subject) >= seq) return (run(), () => {})
      return waiting.add(subject, seq, run)
    },
    reach,
    reset() {
      take.capture(undefined)
      tables = emptyTables()
      bySubject.clear()
      troubled.clear()
      provided.clear()
      ahead.clear()
      position = undefined
      era++
    },
    inside: {
      kinds,
      cells: tableOf,
      capture: (save) => take.capture(save),
      ahead: () => ahead.entries(),
      get era() {
        return era
      },
    },
  }

  /** Like `locate`, but makes no aggregate of a subject that has no message. */
  const locateQuietly = (subject: string): Cell | undefined => {
    const known = bySubject.get(subject)
    if (known !== undefined) return known
    const route = options.route(subject)
    return route === undefined ? undefined : tableOf(kindOf(route.kind)).get(route.key)
  }

  const { snapshot } = options
  if (snapshot !== undefined) {
    for (const kind of kinds) {
      const table = snapshot.table(kind)
      if (table !== undefined) tables.set(kind, table)
    }
    position = snapshot.position
    for (const { kind, key } of snapshot.troubled) {
      const cell = byName.has(kind) ? tableOf(kindOf(kind)).get(key) : undefined
      if (cell !== undefined) troubled.add(cell)
    }
  }
  return fold
}

const NOTHING = Buffer.from('0')
const asText = (data: Uint8Array): Buffer => Buffer.from(data.buffer, data.byteOffset, data.byteLength)
const asUnreadable = (read: ReturnType<typeof readCommit>): UnreadableCommit | undefined =>
  isUnreadable(read) ? read : undefined
