import { describe, expect, it } from 'vitest'
import { createPullProgress } from './pull-progress.ts'

const MIB = 1024 ** 2

describe('the progress of a pull', () => {
  it('is the sum over layers, told when it changes', () => {
    const progress = createPullProgress()
    const take = (event: unknown): string | undefined => progress.take(event)
    expect(take({ status: 'Pulling from library/nginx', id: '1.29' })).toBeUndefined()
    expect(take({ status: 'Pulling fs layer', id: 'a' })).toBe('image: layer 0 of 1')
    const loading = (id: string, current: number) =>
      take({ status: 'Downloading', id, progressDetail: { current, total: 10 * MIB } })
    expect(loading('a', 4 * MIB)).toBe('image: layer 0 of 1, 4 of 10 MiB')
    expect(loading('b', 1 * MIB)).toBe('image: layer 0 of 2, 5 of 20 MiB')
    expect(loading('b', 1 * MIB + 5)).toBeUndefined()
    expect(take({ status: 'Download complete', id: 'a', progressDetail: {} })).toBe('image: layer 1 of 2, 11 of 20 MiB')
    expect(take({ status: 'Status: Downloaded newer image for nginx:1.29' })).toBeUndefined()
    expect(take('nonsense')).toBeUndefined()
  })

  it('throws what the engine says inside of a stream that began well', () => {
    const progress = createPullProgress()
    expect(() => progress.take({ errorDetail: { message: 'no' }, error: 'manifest unknown' })).toThrow(
      'manifest unknown',
    )
  })
})
