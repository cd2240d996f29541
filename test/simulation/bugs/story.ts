/** One story from another project's tracker: it is told on a world of its own, all laws watching, and must end well. */
import { startStage, type Stage, type StageOptions } from '../run/stage.ts'
import { laws } from '../laws/names.ts'

export interface Story {
  /** As reference section 4 names it; a law's name for a scenario that no tracker has. */
  readonly tracker: string
  readonly expects: string
  /** Throws when it does not end as it should, or when a law broke on the way. */
  readonly run: () => Promise<void>
}

/** In the order in which they are told. */
export const stories: Story[] = []

export const story = (
  tracker: string,
  expects: string,
  options: StageOptions,
  tell: (stage: Stage) => Promise<void>,
): void => {
  const run = async (): Promise<void> => {
    const stage = await startStage(options)
    try {
      await tell(stage)
      const [first] = stage.broken()
      if (first !== undefined) throw new Error(`${first.law} (${laws[first.law]}): ${first.detail}`)
    } catch (error) {
      throw new Error(`${tracker}: ${error instanceof Error ? error.message : String(error)}\n${stage.story()}`, {
        cause: error,
      })
    } finally {
      stage.world.end()
    }
  }
  stories.push({ tracker, expects, run })
}
