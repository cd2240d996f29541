/** That a request to join was made by who holds the node's key: an Ed25519 signature over all of it. */
import { canonicalJson } from '@dunlin/contracts/agent'
import { createUser, fromPublic, fromSeed } from '@nats-io/nkeys'
import { signWithSeed, verifyByKey } from './ed25519.ts'

/** The words before the body keep a signature from being taken for one of something else. */
const signedText = (body: object): Uint8Array => new TextEncoder().encode(`dunlin-enrol-1\n${canonicalJson(body)}`)

/** A new key of a node. The seed is secret and stays where it was made. */
export const createNodeKey = (): { readonly seed: string; readonly publicKey: string } => {
  const pair = createUser()
  return { seed: new TextDecoder().decode(pair.getSeed()), publicKey: pair.getPublicKey() }
}

/** @throws Error when it is no seed of a user */
export const publicKeyOf = (seed: string): string => {
  if (!seed.startsWith('SU')) throw new Error('expected the seed of a user')
  return fromSeed(new TextEncoder().encode(seed)).getPublicKey()
}

/** In base64url. */
export const signProof = (seed: string, body: object): string =>
  Buffer.from(signWithSeed(seed, signedText(body))).toString('base64url')

/** False also for what is no key or no signature. */
export const verifyProof = (publicKey: string, body: object, signature: string): boolean => {
  try {
    // Throws when the text is no key.
    fromPublic(publicKey)
    return verifyByKey(publicKey, signedText(body), Buffer.from(signature, 'base64url'))
  } catch {
    return false
  }
}
