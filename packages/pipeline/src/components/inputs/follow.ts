// Follows a set of files: looks for them by polling, reads them in turn, and remembers how far each was delivered.
import { pause } from '../../flow/pause.ts'
import { messageOf } from '../../mapping/message.ts'
import { objectFrom } from '../../mapping/value/types.ts'
import type { Input, InputBatch, InputItem, PipelinePorts } from '../types.ts'
import { discover, isMissing, reasonOf, type FoundFile } from './discover.ts'
import { followFile, type FollowedFile } from './followed-file.ts'
import type { Line } from './lines.ts'
import { loadPositions, savedPositions } from './position.ts'

export interface FollowOptions {
  readonly patterns: readonly string[]
  readonly maxLineBytes: number
  readonly pollIntervalMs: number
  readonly follow: boolean
}

/** A file that lost its name is read on this long: its writer may not have noticed the rotation yet. */
const GRACE_MS = 5000

type Ports = Pick<PipelinePorts, 'monotonicMs' | 'log' | 'state'>

export function followFiles(options: FollowOptions, ports: Ports): Input {
  const files = new Map<string, FollowedFile>()
  const loaded = loadPositions(ports.state?.load())
  if (!loaded.understood) ports.log('warn', 'the saved read positions are not understood; files are read anew', {})
  let problems: readonly string[] = []
  let polledAtMs = -Infinity
  let nextPollMs = -Infinity
  /** Files in the order they are read next: who was read goes to the end. */
  let turn: FollowedFile[] = []

  async function poll(): Promise<void> {
    polledAtMs = ports.monotonicMs()
    const found = await discover(options.patterns)
    const trouble = [...found.problems]
    for (const file of found.files) {
      const known = files.get(file.key)
      if (known === undefined) await begin(file, trouble)
      else Object.assign(known, { path: file.path, modifiedMs: file.modifiedMs, seenAtMs: polledAtMs })
    }
    problems = trouble
    turn = [...files.values()]
    // Looking for very many files takes longer than the interval: reading gets as much time as looking.
    const endMs = ports.monotonicMs()
    nextPollMs = Math.max(polledAtMs + options.pollIntervalMs, endMs + (endMs - polledAtMs))
  }

  async function begin(found: FoundFile, trouble: string[]): Promise<void> {
    try {
      const restarted = (reason: string): void =>
        ports.log('info', `${reason}; it is read from its beginning`, { path: found.path })
      const file = await followFile(found, loaded.positions.get(found.key), options.maxLineBytes, restarted)
      loaded.positions.delete(found.key)
      file.seenAtMs = polledAtMs
      files.set(found.key, file)
    } catch (error) {
      if (!isMissing(error)) trouble.push(reasonOf(found.path, error))
    }
  }

  /** Lines of the next file that has any. */
  async function readNext(): Promise<InputBatch | undefined> {
    for (let file = turn.shift(); file !== undefined; file = turn.shift()) {
      const piece = await readFrom(file)
      if (piece === undefined) continue
      if (piece.lines.length > 0) {
        turn.push(file)
        return batch(file, piece.lines, piece.offset)
      }
      const last = await giveUpIfGone(file)
      if (last !== undefined) return last
    }
    return undefined
  }

  async function readFrom(file: FollowedFile): Promise<{ lines: Line[]; offset: number } | undefined> {
    try {
      return await file.read()
    } catch (error) {
      problems = [...problems, reasonOf(file.path, error)]
      files.delete(file.key)
      await file.close().catch(() => undefined)
      return undefined
    }
  }

  /** A file without a matching name, read to its end, is left alone after a while; its last line needs no newline. */
  async function giveUpIfGone(file: FollowedFile): Promise<InputBatch | undefined> {
    if (ports.monotonicMs() - file.seenAtMs < GRACE_MS + options.pollIntervalMs) return undefined
    files.delete(file.key)
    await file.close()
    const rest = file.finish()
    save()
    return rest.lines.length === 0 ? undefined : batch(file, rest.lines, rest.offset)
  }

  function batch(file: FollowedFile, lines: readonly Line[], offset: number): InputBatch {
    const metadata = () =>
      objectFrom([
        ['path', file.path],
        ['mod_time_unix', Math.floor(file.modifiedMs / 1000)],
      ])
    const items = lines.map((line): InputItem =>
      line.kind === 'line'
        ? { kind: 'message', message: messageOf(line.text, metadata()) }
        : { kind: 'unreadable', reason: `${file.path}: a line is longer than ${options.maxLineBytes} bytes` },
    )
    return {
      items,
      commit() {
        file.committed = offset
        save()
      },
    }
  }

  function save(): void {
    const current = [...files.values()].map((file) => ({
      key: file.key,
      path: file.path,
      offset: file.committed,
      head: file.head(),
    }))
    // Positions of files that were not found again yet are kept: they may only be unreadable for now.
    const waiting = [...loaded.positions].map(([key, position]) => ({ key, path: '', ...position }))
    ports.state?.save(savedPositions([...waiting, ...current]))
  }

  /** At the end of a bounded read the unfinished last lines count as lines. */
  function finishAll(): InputBatch | undefined {
    for (const file of files.values()) {
      const rest = file.finish()
      if (rest.lines.length > 0) return batch(file, rest.lines, rest.offset)
    }
    return undefined
  }

  return {
    async next(signal) {
      while (!signal.aborted) {
        if (ports.monotonicMs() >= nextPollMs) await poll()
        const found = await readNext()
        if (found !== undefined) return found
        if (!options.follow) return finishAll()
        await pause(nextPollMs - ports.monotonicMs(), signal)
        turn = [...files.values()]
      }
      return undefined
    },
    status: () => (problems.length === 0 ? { connected: true } : { connected: false, reason: problems.join('; ') }),
    async close() {
      await Promise.all([...files.values()].map((file) => file.close()))
      files.clear()
    },
  }
}
