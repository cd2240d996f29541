/** One story from another project's tracker: it is told on a world of its own, all laws watching, and must end well. */
import { expect, it } from 'vitest'
import { startStage, type Stage, type StageOptions } from '../run/stage.ts'

export interface Bug {
  /** As reference section 4 names it. */
  readonly tracker: string
  readonly expects: string
}

export const told: Bug[] = []

export const story = (
  tracker: string,
  expects: string,
  options: StageOptions,
  tell: (stage: Stage) => Promise<void>,
): void => {
  told.push({ tracker, expects })
  it(`${tracker}: ${expects}`, { timeout: 60_000 }, async () => {
    const stage = await startStage(options)
    try {
      await tell(stage)
      if (stage.broken().length > 0) console.log(stage.story())
      expect(stage.broken()).toEqual([])
    } finally {
      stage.world.end()
    }
  })
}
