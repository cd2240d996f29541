/**
 * Ed25519 by Node itself: the portable code of the key library takes a hundred times as long, and a server that lets a
 * fleet in signs and checks once for each node. Keys are in the text form of NATS (base32, prefix, checksum).
 */
import { createPrivateKey, createPublicKey, sign, verify } from 'node:crypto'

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'

const base32 = (text: string): Buffer => {
  const bytes: number[] = []
  let bits = 0
  let value = 0
  for (const letter of text) {
    value = ((value << 5) | ALPHABET.indexOf(letter)) & 0xffff
    bits += 5
    if (bits < 8) continue
    bits -= 8
    bytes.push((value >>> bits) & 0xff)
  }
  return Buffer.from(bytes)
}

/** What stands before the 32 bytes of a key in DER. */
const PRIVATE_HEAD = Buffer.from('302e020100300506032b657004220420', 'hex')
const PUBLIC_HEAD = Buffer.from('302a300506032b6570032100', 'hex')

/** @param seed one that the key library has read, so that its checksum is right */
export const signWithSeed = (seed: string, data: Uint8Array): Uint8Array => {
  const der = Buffer.concat([PRIVATE_HEAD, base32(seed).subarray(2, 34)])
  return sign(null, data, createPrivateKey({ key: der, format: 'der', type: 'pkcs8' }))
}

/** @param publicKey one that the key library has read */
export const verifyByKey = (publicKey: string, data: Uint8Array, signature: Uint8Array): boolean => {
  const der = Buffer.concat([PUBLIC_HEAD, base32(publicKey).subarray(1, 33)])
  return verify(null, data, createPublicKey({ key: der, format: 'der', type: 'spki' }), signature)
}
