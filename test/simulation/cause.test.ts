/** What is decided says why: the chain of causes goes back to the command of a person. */
import { expect, it } from 'vitest'
import { readRecorded } from './laws/ledger.ts'
import { A, quick, startStage } from './run/stage.ts'

it('evaluation, plan and grants name the commit that caused them, back to the command', async () => {
  const stage = await startStage({ seed: 3, nodes: 3 })
  await stage.apply(A, 'good', quick({ strategy: 'immediate' }))
  await stage.pass(20_000)
  const commits = new Map(
    stage.watch.log().flatMap((recorded) => {
      const read = readRecorded(recorded)
      return read === undefined ? [] : [[recorded.seq, read.commit] as const]
    }),
  )
  const types = (seq: number): string[] => (commits.get(seq)?.ev ?? []).map(({ type }) => type)
  const granted = [...commits.keys()].find((seq) => types(seq).includes('NodesGranted'))
  const chain: string[] = []
  for (let seq = granted; seq !== undefined; seq = commits.get(seq)?.cause?.seq) chain.push(types(seq)[0] ?? '')
  expect(chain).toEqual(['WaveStarted', 'RolloutOpened', 'PlacementChanged', 'JobCreated'])
  stage.world.end()
})
