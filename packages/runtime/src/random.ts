/** Randomness and ids as a port: a seeded one makes every run of the simulator repeatable. */
import { webcrypto } from 'node:crypto'
import { ulid } from 'ulid'

export interface Random {
  /** Uniform in [0, 1). */
  float(): number
  /** A new ULID for an instant; unique, and rising with the instant. */
  ulid(nowMs: number): string
}

/** Asking the system costs about a microsecond, and a ULID asks sixteen times: so a page of words at once. */
const words = new Uint32Array(1024)
let used = words.length

const cryptoWord = (): number => {
  if (used === words.length) {
    webcrypto.getRandomValues(words)
    used = 0
  }
  return words[used++] as number
}

const cryptoFloat = (): number => ((cryptoWord() >>> 5) * 67108864 + (cryptoWord() >>> 6)) / 9007199254740992

export const systemRandom: Random = { float: cryptoFloat, ulid: (nowMs) => ulid(nowMs, cryptoFloat) }

/** mulberry32 (public domain, Tommy Ettinger): small, fast, good enough to drive simulations. */
export const seededRandom = (seed: number): Random => {
  let state = seed >>> 0
  const float = (): number => {
    state = (state + 0x6d2b79f5) >>> 0
    let t = state
    t = Math.imul(t ^ (t >>> 15), t | 1)
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61)
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296
  }
  return { float, ulid: (nowMs) => ulid(nowMs, float) }
}
