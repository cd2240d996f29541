/**
 * Everything that time decides: deadlines, nodes that never start, nodes that fall silent, and when the judge itself is too
 * blind to say. All of it runs on the judge's monotonic clock and only while it hears; a pause of this process, a lost
 * connection and a fresh start count for nobody.
 */
import type { NodeId, Verdict } from '@dunlin/contracts'
import { isHeld, judgeDeadline, type Blindness, type Judgement } from '@dunlin/domain'
import type { Clock } from '@dunlin/runtime'
import { isSilent, silentSites, siteOf } from './silence.ts'
import type { JudgeView } from './view.ts'
import type { Validating, ValidatingTable } from './validating.ts'

/** `unknown`: this judge has not listened for long enough to say; what was recorded stands. */
export type Sight = Blindness | 'clear' | 'unknown'

export interface Patience {
  /** Time has something to say about this one again. */
  again(item: Validating): void
  /** The node reported, or the log says otherwise than before whether it is connected. */
  changed(node: NodeId): void
  setLive(live: boolean): void
  tick(): void
  sight(job: string): Sight
}

export interface PatienceOptions {
  readonly clock: Clock
  readonly validating: ValidatingTable
  readonly view: JudgeView
  readonly reach: (item: Validating, judgement: Judgement | Pick<Verdict, 'verdict' | 'reason'>) => void
  readonly onSight: (job: string) => void
  /** Its node is heard, and has not read the document with its grant for as long as a document stays fresh. */
  readonly onUnread: (item: Validating) => void
}

/** A node that was not heard for this many of its own intervals (at least 15 s) lets no deadline run. */
const UNHEARD_INTERVALS = 3
const UNHEARD_AT_LEAST_MS = 15_000
/** Precision of deadlines: a fiftieth of them, at most this. */
const LOOK_AT_MOST_EVERY_MS = 5_000
/** Ticks further apart than this were a pause of the process itself. */
const PAUSE_MS = 5_000
/** A node is waited for so long to read a document: as long as one is fresh, and so a silent node is waited for. */
const UNREAD_MS = 15 * 60_000
/** How long a judge listens before it says that it sees. */
const LISTEN_FIRST_MS = 30_000

export const createPatience = ({ clock, validating, view, reach, onSight, onUnread }: PatienceOptions): Patience => {
  /** Started on nodes that are not connected. */
  const unconnected = new Set<Validating>()
  /** Whose deadline passed without a window. */
  const windowless = new Set<Validating>()
  const blind = new Map<string, Blindness>()
  let live = true
  let listeningSince = clock.monotonicMs()
  let tickedAt = clock.monotonicMs()

  /** Nothing that was measured so far can be trusted: everybody's clock begins again from here. */
  const startOver = (now: number): void => {
    listeningSince = now
    for (const item of validating.all()) {
      item.lookedAtMono = now
      item.silentSinceMono = undefined
    }
  }

  const deadline = (item: Validating, now: number, held: (job: string) => boolean): void => {
    const { policy, run } = item
    const passed = now - item.lookedAtMono
    if (passed < lookEveryMs(item)) return
    item.lookedAtMono = now
    const unheard = Math.max(UNHEARD_AT_LEAST_MS, UNHEARD_INTERVALS * policy.intervalMs)
    if (now - item.heardAtMono >= unheard) return
    if (!isConnected(item) || held(item.job)) return
    // Before the first report the time runs from the moment at which the node had read the document with its grant.
    if (!item.started && !item.sawGrant) {
      item.unreadMs += passed
      if (item.unreadMs >= UNREAD_MS) onUnread(item)
      return
    }
    item.validatedMs += passed
    if (item.validatedMs < policy.deadlineMs) return
    if (!item.started) reach(item, { verdict: 'failed', reason: 'not_started' })
    else if (run.recent.length > 0) reach(item, judgeDeadline(run))
    // Reached on unknown windows only, a deadline fails nobody.
    else item.blind = true
  }

  /** Remembered with the item: a look at the fold for each of 100,000 is what this would cost otherwise. */
  const isConnected = (item: Validating): boolean =>
    (item.connected ??= view.node(item.node)?.connection.is === 'connected')

  /** Whether the rollout of a job is held; asked once for each job and tick. */
  const heldNow = (): ((job: string) => boolean) => {
    const known = new Map<string, boolean>()
    return (job) => {
      let held = known.get(job)
      if (held === undefined) {
        const rollout = view.job(job)?.rollouts.current
        known.set(job, (held = rollout !== undefined && isHeld(rollout)))
      }
      return held
    }
  }

  const noteStart = (item: Validating): void => {
    if (item.started || view.reports(item.node)?.executions.has(item.execution) !== true) return
    item.started = true
    item.validatedMs = 0
  }

  /** Puts an item where each tick meets it, when it belongs there. */
  const sort = (item: Validating): void => {
    if (item.blind) windowless.add(item)
    if (item.started && !isConnected(item)) unconnected.add(item)
  }

  const look = (item: Validating, now: number, held: (job: string) => boolean): void => {
    if (isOver(item)) return
    noteStart(item)
    deadline(item, now, held)
    if (isOver(item)) return
    sort(item)
    validating.lookAgain(item, item.lookedAtMono + lookEveryMs(item))
  }

  const tick = (): void => {
    const now = clock.monotonicMs()
    const paused = now - tickedAt > PAUSE_MS
    tickedAt = now
    if (!live) return
    if (paused) startOver(now)
    const held = heldNow()
    for (const item of validating.due(now)) look(item, now, held)
    const blinded = new Map<string, number>()
    for (const item of windowless) {
      if (isOver(item) || !item.blind) windowless.delete(item)
      else blinded.set(item.job, (blinded.get(item.job) ?? 0) + 1)
    }
    const silent = new Map<string, Validating[]>()
    for (const item of unconnected) {
      if (isOver(item)) unconnected.delete(item)
      else if (isSilent(item, view.node(item.node), now)) push(silent, item)
      else if (item.silentSinceMono === undefined) unconnected.delete(item)
    }
    const seen = new Map<string, Blindness>()
    for (const [job, count] of blinded) seen.set(job, withoutWindows(count))
    for (const [job, items] of silent) {
      const blindness = condemn(job, items)
      if (blindness !== undefined) seen.set(job, blindness)
    }
    note(seen)
  }

  /** Silent nodes of sites that are otherwise heard are lost; the rest waits. */
  const condemn = (job: string, items: readonly Validating[]): Blindness | undefined => {
    const whole = silentSites(view, job, items)
    const waiting = new Set<string>()
    for (const item of items) {
      const site = siteOf(view, item.node)
      if (whole.has(site) && view.node(item.node)?.connection.is !== 'lost') waiting.add(site)
      else reach(item, { verdict: 'failed', reason: 'lost_after' })
    }
    if (waiting.size === 0) return undefined
    const sites = [...waiting].sort().map((site) => (site === '' ? 'the nodes without a site' : `site ${site}`))
    const message = `Most nodes of ${sites.join(', ')} are silent, also those that the rollout has not touched`
    return { reason: 'site_silent', message }
  }

  const note = (seen: ReadonlyMap<string, Blindness>): void => {
    for (const job of new Set([...blind.keys(), ...seen.keys()])) {
      const now = seen.get(job)
      if (blind.get(job)?.reason === now?.reason) continue
      if (now === undefined) blind.delete(job)
      else blind.set(job, now)
      onSight(job)
    }
  }

  return {
    again: (item) => {
      noteStart(item)
      item.lookedAtMono = clock.monotonicMs()
      validating.lookAgain(item, item.lookedAtMono + lookEveryMs(item))
    },
    changed: (node) => {
      for (const item of validating.of(node)) {
        item.connected = undefined
        if (isOver(item)) continue
        noteStart(item)
        sort(item)
      }
    },
    setLive: (now) => {
      if (now && !live) startOver(clock.monotonicMs())
      live = now
    },
    tick,
    sight: (job) => {
      const blindness = blind.get(job)
      if (blindness !== undefined) return blindness
      return !live || clock.monotonicMs() - listeningSince < LISTEN_FIRST_MS ? 'unknown' : 'clear'
    },
  }
}

/** Time has nothing to say about it any more. */
const isOver = (item: Validating): boolean => item.gone || item.judged || item.recovering

const push = (lists: Map<string, Validating[]>, item: Validating): void => {
  const list = lists.get(item.job)
  if (list === undefined) lists.set(item.job, [item])
  else list.push(item)
}

/** A deadline of minutes need not be looked at every second. */
const lookEveryMs = ({ policy }: Validating): number => Math.min(LOOK_AT_MOST_EVERY_MS, policy.deadlineMs / 50)

const withoutWindows = (count: number): Blindness => ({
  reason: 'windows_unknown',
  message: `The deadline of ${count} ${count === 1 ? 'node' : 'nodes'} has passed without one health window that could be judged`,
})
