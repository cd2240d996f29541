/** What the scenes share: a job that sleeps, and waiting for its rollout. */
import type { Client } from '@dunlin/client'
import type { JobKey } from '@dunlin/contracts'
import type { Fleet } from '@dunlin/infra/dev'
import { setTimeout as delay } from 'node:timers/promises'

/** Plays on a fleet that has just been launched; nothing of it stays. */
export type Scene = (fleet: Fleet, dataDir: string) => Promise<void>

export const keyOf = (name: string): JobKey => ({ namespace: 'default', name })

/** Another number of seconds is another content. */
export const loop = (seconds: number): string => `while :; do sleep ${seconds}; done`

export type Rollout = NonNullable<Awaited<ReturnType<Client['jobs']['get']>>['status']['rollout']>

/** Waits until the rollout of this version is as wanted. */
export const untilRollout = async (
  client: Client,
  name: string,
  version: number,
  what: string,
  holds: (rollout: Rollout) => boolean,
  withinMs = 30_000,
): Promise<void> => {
  const deadline = performance.now() + withinMs
  for (;;) {
    const { rollout } = (await client.jobs.get(keyOf(name))).status
    if (rollout?.version === version && holds(rollout)) return
    if (performance.now() > deadline) throw new Error(`${name} not ${what}: ${JSON.stringify(rollout)}`)
    await delay(50)
  }
}
