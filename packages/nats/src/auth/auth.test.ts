import { decode, type User } from '@nats-io/jwt'
import { describe, expect, it } from 'vitest'
import { createAuthority, encodeNodesAccount, issueNode, parseAuthority } from './authority.ts'
import { fromSeed } from '@nats-io/nkeys'
import { signWithSeed, verifyByKey } from './ed25519.ts'
import { parseCredentials } from './credentials.ts'
import { createNodeKey, publicKeyOf, signProof, verifyProof } from './proof.ts'
import { authConfig } from './server-config.ts'

describe('an authority', () => {
  it('issues credentials whose every permission names the node, or holds no other', async () => {
    const { authority } = await createAuthority([])
    const { publicKey } = createNodeKey()
    const claims = decode<User>(await issueNode(authority, 'edge-1', publicKey))
    expect(claims).toMatchObject({ sub: publicKey, name: 'edge-1', iss: authority.accounts.nodes })
    const allowed = [...(claims.nats.pub?.allow ?? []), ...(claims.nats.sub?.allow ?? [])]
    const general = allowed.filter((subject) => !/(^|[._])edge-1(\.|$)/.test(subject))
    expect(general.toSorted()).toEqual(['_R_.>', 'content.*'])
    expect(
      allowed.filter((subject) => /^[*>]|^\$JS\.API\.[^D]|^\$SYS|evt\.(job|node|log|token)|cmd/.test(subject)),
    ).toEqual([])
    expect(claims.nats.resp).toBeUndefined()
    expect(claims.exp).toBeUndefined()
  })
  it('refuses the same keys by the same claims, whatever their order', async () => {
    const { authority } = await createAuthority([])
    const revocations = async (keys: string[]) =>
      decode<{ revocations?: object }>(await encodeNodesAccount(authority, keys)).nats.revocations
    expect(await revocations([])).toBeUndefined()
    expect(JSON.stringify(await revocations(['UB', 'UA']))).toBe(JSON.stringify(await revocations(['UA', 'UB'])))
  })
  it('comes back from its file, and tells nothing of a broken one', async () => {
    const { authority, services, accountJwts } = await createAuthority(['api'])
    expect(parseAuthority(JSON.stringify(authority))).toEqual(authority)
    expect(parseCredentials(services['api'] ?? '')).toHaveProperty('authenticator')
    const { nodesSeed } = (await createAuthority([])).authority
    for (const broken of ['', '{}', 'null', JSON.stringify({ ...authority, nodesSeed })])
      expect(() => parseAuthority(broken)).toThrow(expect.objectContaining({ code: 'corrupt_document' }))
    for (const broken of ['', services['api']?.replace('\nSU', '\nSA') ?? ''])
      expect(() => parseCredentials(broken)).toThrow(expect.objectContaining({ code: 'corrupt_document' }))
    const config = authConfig({ authority, accountJwts }, '/somewhere/with "quotes"')
    expect(config).toContain('dir: "/somewhere/with \\"quotes\\""')
    for (const secret of [authority.signingSeed, authority.nodesSeed, 'BEGIN']) expect(config).not.toContain(secret)
  })
})

describe('Ed25519 by Node', () => {
  it('signs and checks as the key library does', () => {
    for (let i = 0; i < 5; i++) {
      const { seed, publicKey } = createNodeKey()
      const data = Buffer.from(`text ${i}`)
      const pair = fromSeed(Buffer.from(seed))
      expect(Buffer.from(signWithSeed(seed, data)).equals(Buffer.from(pair.sign(data)))).toBe(true)
      expect([
        verifyByKey(publicKey, data, pair.sign(data)),
        verifyByKey(publicKey, Buffer.from('other'), pair.sign(data)),
      ]).toEqual([true, false])
    }
  })
})

describe('the proof of a key', () => {
  const { seed, publicKey } = createNodeKey()
  const body = { node: 'edge-1', public_key: publicKey, labels: { b: '1', a: '2' } }
  it('holds for the body as it was signed, in any order of its fields', () => {
    expect(publicKeyOf(seed)).toBe(publicKey)
    const signature = signProof(seed, body)
    expect(
      verifyProof(publicKey, { labels: { a: '2', b: '1' }, public_key: publicKey, node: 'edge-1' }, signature),
    ).toBe(true)
    expect(verifyProof(publicKey, { ...body, node: 'edge-2' }, signature)).toBe(false)
    expect(verifyProof(createNodeKey().publicKey, body, signature)).toBe(false)
  })
  it.each(['', 'x', '=', Buffer.alloc(64).toString('base64url')])('%j is no signature', (signature) => {
    expect(verifyProof(publicKey, body, signature)).toBe(false)
    expect(verifyProof('UABC', body, signature)).toBe(false)
  })
})
