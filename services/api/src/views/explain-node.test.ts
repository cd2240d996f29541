import { noNode } from '@dunlin/domain'
import { describe, expect, it } from 'vitest'
import { approvalWaits } from './explain-node.ts'

describe('a node that nobody has let in yet', () => {
  it('waits for a person, and says by which command', () =>
    expect(approvalWaits('edge-1', { ...noNode(), admission: 'pending' })).toEqual([
      { what: 'approval', message: 'a person to let it take part: dunlin node approve edge-1' },
    ]))
  it('waits for nobody once it is in', () =>
    expect(approvalWaits('edge-1', { ...noNode(), admission: 'admitted' })).toEqual([]))
})
