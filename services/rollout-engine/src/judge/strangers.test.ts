import type { ExecutionId, Generation, RolloutId, Sha256 } from '@dunlin/contracts'
import type { Grant } from '@dunlin/domain'
import { expect, it } from 'vitest'
import { strangerIn } from './strangers.ts'

const grant: Grant = {
  execution: 'granted' as ExecutionId,
  rollout: 'r' as RolloutId,
  version: 2,
  content: 'c'.repeat(64) as Sha256,
  epoch: 0,
  seq: 50,
  at: 1,
  wave: 0,
}
const kindOf = (execution: string, generation: Generation, held: Grant | undefined = grant) =>
  strangerIn({ execution: execution as ExecutionId, generation: [generation[0], generation[1]] }, held, [0, 100])

it('knows its own', () => expect(kindOf('granted', [0, 50])).toBeUndefined())
it('tells what an update left behind', () => expect(kindOf('before', [0, 40])).toBe('older_generation'))
it('tells what a stop left behind', () => expect(kindOf('stopped', [0, 40], undefined)).toBe('older_generation'))
it('tells an execution that nobody granted', () => expect(kindOf('forged', [0, 60])).toBe('never_granted'))
it('tells a generation that the log has not reached', () => expect(kindOf('forged', [1, 1])).toBe('from_the_future'))
