import { DunlinError } from '@dunlin/contracts'
import { noNode, type NodeState } from '@dunlin/domain'
import { silentLogger, systemClock, type Clock } from '@dunlin/runtime'
import { afterEach, expect, it, vi } from 'vitest'
import { keepRevocations, type Revocations } from './revocations.ts'

const withKeys = (...revokedKeys: string[]): NodeState => ({ ...noNode(), revokedKeys })
let kept: Revocations | undefined
afterEach(() => kept?.stop())

const start = (answers: readonly (boolean | DunlinError)[] = [], clock: Clock = systemClock) => {
  const told: string[][] = []
  let n = 0
  const revoke = async (keys: ReadonlySet<string>): Promise<boolean> => {
    told.push([...keys].toSorted((a, b) => a.localeCompare(b)))
    const answer = answers[n++] ?? true
    if (answer instanceof DunlinError) throw answer
    return answer
  }
  kept = keepRevocations({ revoke, close: async () => {} }, clock, silentLogger)
  return { kept, told }
}

it('tells nothing before the log was read, and everything of the log then', async () => {
  const { kept: one, told } = start()
  one.nodeChanged(withKeys('UA'))
  await new Promise((resolve) => setTimeout(resolve, 20))
  expect(told).toEqual([])
  one.begin([withKeys('UB', 'UC'), noNode()])
  await vi.waitFor(() => expect(told).toEqual([['UA', 'UB', 'UC']]), 20_000)
})
it('tells a server that has lost what it was told, as soon as it starts', async () => {
  const { kept: one, told } = start()
  one.begin([])
  await vi.waitFor(() => expect(told).toEqual([[]]), 20_000)
})
it('tells each new key, and nothing when none is new', async () => {
  const { kept: one, told } = start()
  one.begin([withKeys('UA')])
  await vi.waitFor(() => expect(told).toHaveLength(1), 20_000)
  one.nodeChanged(withKeys('UA'))
  one.nodeChanged(withKeys('UA', 'UB'))
  await vi.waitFor(() => expect(told).toEqual([['UA'], ['UA', 'UB']]), 20_000)
})
it('goes on until the server has taken it', async () => {
  const { kept: one, told } = start([new DunlinError('log_unavailable'), true])
  one.begin([withKeys('UA')])
  await vi.waitFor(() => expect(told).toHaveLength(2), { timeout: 10_000 })
})
it('tells a server again that was replaced meanwhile', async () => {
  let hours: (() => void) | undefined
  const clock: Clock = {
    ...systemClock,
    after: (ms, run) => {
      if (ms < 10_000) return systemClock.after(ms, run)
      hours = run
      return { cancel: () => {} }
    },
  }
  const { kept: one, told } = start([], clock)
  one.begin([withKeys('UA')])
  await vi.waitFor(() => expect(told).toHaveLength(1), 20_000)
  hours?.()
  await vi.waitFor(() => expect(told).toEqual([['UA'], ['UA']]), 20_000)
})
