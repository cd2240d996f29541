/** Light agents, each on a connection of its own. Arguments: server, index of the first, how many. */
import type { BootId, JournalId, NodeId } from '@dunlin/contracts/agent'
import { systemRandom } from '@dunlin/runtime/agent'
import { setTimeout as pause } from 'node:timers/promises'
import { startLightAgent, type LightAgent } from '../light/agent.ts'
import { nowMs, onTold, tell, used, type Used } from './tell.ts'

export type ToLightAgents =
  /** Documents change unheard from now on, and each agent has something to tell when it comes back. */
  | { readonly do: 'go_deaf' }
  /** Tell when every agent holds this generation, is connected, and has told everything. */
  | { readonly do: 'expect'; readonly generation: number }
  /** From now on they only connect; tell when all were away and are connected again. */
  | { readonly do: 'only_connect' }

export type FromLightAgents =
  | { readonly is: 'announced' }
  | { readonly is: 'deaf' }
  | { readonly is: 'bare' }
  | ({ readonly is: 'right' | 'connected'; readonly atMs: number; readonly again: number } & Used)

const LOOK_EVERY_MS = 10
/** Connections that are made at once at the start; coming back is not slowed down. */
const AT_ONCE = 200

const [url = '', first = '0', count = '0'] = process.argv.slice(2)
const port = Number(new URL(url).port)
const agents: LightAgent[] = []

const until = async (isTrue: () => boolean): Promise<number> => {
  while (!isTrue()) await pause(LOOK_EVERY_MS)
  return nowMs()
}
const all = (is: (agent: LightAgent) => boolean) => (): boolean => agents.every(is)
const again = (): number => agents.reduce((sum, one) => sum + one.again, 0)

const expect = async (generation: number): Promise<void> => {
  const atMs = await until(all((one) => one.isSettled && one.generation >= generation))
  tell({ is: 'right', atMs, again: again(), ...used() })
}
const onlyConnect = async (): Promise<void> => {
  for (const one of agents) one.onlyConnect()
  tell({ is: 'bare' })
  await until(all(({ isOpen }) => !isOpen))
  tell({ is: 'connected', atMs: await until(all(({ isOpen }) => isOpen)), again: again(), ...used() })
}

onTold((message: ToLightAgents) => {
  if (message.do === 'go_deaf') {
    for (const one of agents) one.goDeaf()
    tell({ is: 'deaf' })
  } else if (message.do === 'expect') void expect(message.generation)
  else void onlyConnect()
})

for (let n = 0; n < Number(count); n++) {
  agents.push(
    startLightAgent(port, {
      id: `light-${String(Number(first) + n).padStart(6, '0')}` as NodeId,
      boot: systemRandom.ulid(Date.now()) as BootId,
      journal: systemRandom.ulid(Date.now()) as JournalId,
      execution: systemRandom.ulid(Date.now()),
    }),
  )
  if (n % AT_ONCE === AT_ONCE - 1) await until(all(({ isOpen }) => isOpen))
}
await until(all(({ isSettled }) => isSettled))
tell({ is: 'announced' })
