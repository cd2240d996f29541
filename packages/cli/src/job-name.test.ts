import { DunlinError } from '@dunlin/contracts'
import { describe, expect, it } from 'vitest'
import { jobKeyOf } from './job-name.ts'

describe('jobKeyOf', () => {
  it.each([
    ['web', undefined, { namespace: 'default', name: 'web' }],
    ['prod/web', undefined, { namespace: 'prod', name: 'web' }],
    ['prod/web/1', undefined, { namespace: 'prod', name: 'web/1' }],
    ['prod/web', 'team', { namespace: 'team', name: 'prod/web' }],
  ])('%s with -n %s', (argument, namespace, key) => {
    expect(jobKeyOf(argument, namespace)).toEqual(key)
  })

  it.each([
    ['', undefined],
    ['/x', undefined],
    ['x/', undefined],
    ['x', ''],
  ])('refuses %j with -n %s', (argument, namespace) => {
    expect(() => jobKeyOf(argument, namespace)).toThrow(DunlinError)
  })
})
