/** The rollout engine alone in a process, on a connection of its own, as it runs in production. Argument: server. */
import { connectStore } from '@dunlin/nats'
import { startRolloutEngine } from '@dunlin/rollout-engine'
import { silentLogger, systemClock, systemRandom } from '@dunlin/runtime'
import { onTold, tell, used, type Used } from './tell.ts'

export interface ToEngine {
  readonly do: 'measure'
}

export type FromEngine =
  | { readonly is: 'ready' }
  | ({ readonly is: 'measured'; readonly refused: number; readonly lastError: string } & Used)

const [url = ''] = process.argv.slice(2)
const store = await connectStore({ url, name: 'bench engine', maxBytes: 8 * 1024 ** 3 })
const engine = startRolloutEngine(
  { ...store, clock: systemClock, random: systemRandom, logger: silentLogger },
  { owner: 'bench' },
)
onTold((message: ToEngine) => {
  if (message.do !== 'measure') return
  const { heartbeatsRefused, lastError = '' } = engine.status()
  tell({ is: 'measured', refused: heartbeatsRefused, lastError, ...used() })
})
await engine.ready
tell({ is: 'ready' })
