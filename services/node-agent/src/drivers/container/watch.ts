/**
 * What the engine last said of each container, so that `inspect` need not ask: fed by a wait per container, which tells of
 * an end at once, and by a look at the list every 2 s, which also holds when the engine was restarted in between.
 */
import type { Logger } from '@dunlin/runtime/agent'
import type { ContainerState, Engine, Listed } from './engine.ts'
import type { Owner } from './labels.ts'

export type Watched = ContainerState | { readonly is: 'gone' }

export interface Watch {
  /** Begins to watch; `onEnd` is called when it has ended or is gone. */
  add(id: string, onEnd: () => void): void
  /** Undefined until the engine has answered. */
  stateOf(id: string): Watched | undefined
  /** Asks the engine now; rejects when it does not answer. */
  look(id: string): Promise<Watched>
  remove(id: string): void
}

const LOOK_EVERY_MS = 2_000
/** While nothing is watched the list is only for containers that nobody knows. */
const IDLE_LOOK_EVERY_MS = 30_000

interface WatchDeps {
  readonly engine: Engine
  readonly owner: Owner
  readonly logger: Logger
  /** Gets every list, for containers that nobody knows. */
  readonly onList: (listed: readonly Listed[]) => Promise<void>
}

interface Entry {
  state: Watched | undefined
  onEnd: () => void
}

export const createWatch = ({ engine, owner, logger, onList }: WatchDeps): Watch => {
  const entries = new Map<string, Entry>()
  let timer: NodeJS.Timeout | undefined
  let reachable = true

  const say = (id: string, state: Watched): Watched => {
    const entry = entries.get(id)
    if (!entry) return state
    const before = entry.state?.is
    entry.state = state
    if (before !== state.is && (state.is === 'exited' || state.is === 'gone')) entry.onEnd()
    return state
  }

  const look = async (id: string): Promise<Watched> => say(id, (await engine.state(id)) ?? { is: 'gone' })

  const round = async (): Promise<void> => {
    try {
      const listed = await engine.list(owner)
      if (!reachable) logger.info('the container engine answers again', { node: owner.node })
      reachable = true
      const running = new Set(listed.flatMap(({ id, running: up }) => (up ? [id] : [])))
      for (const [id, entry] of entries)
        if (running.has(id)) entry.state = { is: 'running' }
        else if (entry.state?.is !== 'exited' && entry.state?.is !== 'gone') await look(id)
      await onList(listed)
    } catch (error) {
      if (reachable) logger.warn('the container engine does not answer', { reason: String(error) })
      reachable = false
    }
    schedule()
  }

  const schedule = (soon = false): void => {
    clearTimeout(timer)
    timer = setTimeout(() => void round(), soon || entries.size > 0 ? LOOK_EVERY_MS : IDLE_LOOK_EVERY_MS)
    timer.unref()
  }
  schedule(true)

  /** Ends with the container or with the engine; in the second case the list goes on. */
  const wait = async (id: string): Promise<void> => {
    try {
      const client = await engine.client()
      await client.getContainer(id).wait()
      await look(id)
    } catch (error) {
      logger.debug('waiting for a container was interrupted', { container: id, reason: String(error) })
    }
  }

  return {
    add: (id, onEnd) => {
      const known = entries.get(id)
      if (known) return void (known.onEnd = onEnd)
      entries.set(id, { state: undefined, onEnd })
      schedule()
      void wait(id)
    },
    stateOf: (id) => entries.get(id)?.state,
    look,
    remove: (id) => void entries.delete(id),
  }
}
