/** Follows the log over server-sent events, folds and tells it, and waits for points of the story. */
import type { Client } from '@dunlin/client'
import { LaunchError } from '../say.ts'
import { newStory, tellStory, type Story } from './story.ts'
import type { Screen } from './screen.ts'
import { tellCommit } from './tell.ts'

export interface Following {
  readonly story: Story
  /** Resolves when `reached` holds. Rejects after `patienceMs`, or with what `contradicts` says. */
  until(
    what: string,
    patienceMs: number,
    reached: (story: Story) => boolean,
    contradicts: (story: Story) => string | undefined,
  ): Promise<void>
  stop(): void
}

export const followStory = (client: Client, screen: Screen, stopping: AbortSignal): Following => {
  const story = newStory()
  const abort = new AbortController()
  const signal = AbortSignal.any([abort.signal, stopping])
  let look: () => void = nobody
  let broken: unknown

  const run = async (): Promise<void> => {
    for await (const commit of client.events({}, { since: 0, signal })) {
      tellStory(story, commit)
      for (const told of tellCommit(commit, story)) screen.tell(told)
      look()
    }
  }
  run().catch((error: unknown) => {
    broken = error
    look()
  })

  return {
    story,
    until: (what, patienceMs, reached, contradicts) =>
      new Promise((resolve, reject) => {
        const late = setTimeout(() => {
          const state = `the job is ${story.state ?? 'unknown'} (${story.message})`
          finish(() => reject(unexpected(`${what}: not within ${patienceMs / 1000} s; ${state}`)))
        }, patienceMs)
        const finish = (end: () => void): void => {
          clearTimeout(late)
          look = nobody
          end()
        }
        look = () => {
          const contradiction = contradicts(story)
          if (broken !== undefined) finish(() => reject(unexpected(`the event stream broke: ${String(broken)}`)))
          else if (contradiction !== undefined) finish(() => reject(unexpected(contradiction)))
          else if (reached(story)) finish(resolve)
        }
        look()
      }),
    stop: () => abort.abort(),
  }
}

/** The demo proves something only if it fails when the story is another one. */
export const unexpected = (why: string): LaunchError => new LaunchError(`not the story that was expected: ${why}`)

/** Looks for nothing: nobody waits. */
const nobody = (): void => {}
