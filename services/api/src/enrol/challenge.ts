/**
 * Something fresh to sign that the server need not remember: an instant with a keyed digest of it. Every instance that
 * holds the same authority takes the challenges of the others.
 */
import { createHmac, timingSafeEqual } from 'node:crypto'

export interface Challenges {
  make(nowMs: number): string
  /** Was made here, and not long ago. */
  holds(challenge: string, nowMs: number): boolean
}

const CHALLENGE_LASTS_MS = 120_000
/** Clocks of instances may differ. */
const AHEAD_MS = 30_000

export const createChallenges = (secret: string): Challenges => {
  const digest = (instant: string): Buffer =>
    createHmac('sha256', `dunlin-challenge ${secret}`).update(instant).digest()
  return {
    make: (nowMs) => `${nowMs}.${digest(String(nowMs)).toString('base64url')}`,
    holds: (challenge, nowMs) => {
      const [instant = '', shown = ''] = challenge.split('.')
      const given = Buffer.from(shown, 'base64url')
      const right = digest(instant)
      if (given.byteLength !== right.byteLength || !timingSafeEqual(given, right)) return false
      const age = nowMs - Number(instant)
      return age <= CHALLENGE_LASTS_MS && age >= -AHEAD_MS
    },
  }
}
