import type { DesiredDocument, NodeId } from '@dunlin/contracts/agent'
import { describe, expect, it } from 'vitest'
import { acceptDocument } from './accept.ts'

const node = 'n1' as NodeId
const bytes = (value: unknown): Uint8Array =>
  new TextEncoder().encode(typeof value === 'string' ? value : JSON.stringify(value))
const doc = (seq: number) => ({ s: 1, node: 'n1', generation: [0, seq], executions: [] })
const held = doc(5) as unknown as DesiredDocument

describe('the door for desired documents', () => {
  it('takes the higher generation, whatever comes first', () => {
    expect(acceptDocument(undefined, bytes(doc(5)), node).is).toBe('newer')
    expect(acceptDocument(held, bytes(doc(6)), node).is).toBe('newer')
    expect(acceptDocument(held, bytes(doc(5)), node).is).toBe('same')
    expect(acceptDocument(held, bytes(doc(4)), node).is).toBe('older')
    expect(acceptDocument(held, bytes({ ...doc(0), generation: [1, 1] }), node).is).toBe('newer')
  })
  it.each([
    ['not JSON', '{"s":1,', 'corrupt_document'],
    ['not UTF-8', Uint8Array.of(0x7b, 0xff, 0xfe, 0x7d), 'corrupt_document'],
    ['another shape', { ...doc(6), executions: [{}] }, 'corrupt_document'],
    ['another node', { ...doc(6), node: 'n2' }, 'corrupt_document'],
    ['1 MB', `${' '.repeat(1_048_576)}${JSON.stringify(doc(6))}`, 'corrupt_document'],
    ['a newer schema', { s: 2, anything: true }, 'needs_upgrade'],
    ['null', null, 'corrupt_document'],
  ])('refuses %s and says why', (_, body, code) => {
    const raw = body instanceof Uint8Array ? body : bytes(body)
    expect(acceptDocument(held, raw, node)).toMatchObject({ is: 'refused', problem: { code } })
  })
})
