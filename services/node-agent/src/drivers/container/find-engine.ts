/** Whether a container engine serves this node. Without one the driver is left out, and no container job is placed here. */
import type { Logger } from '@dunlin/runtime/agent'
import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { addressText, engineAddresses, readAddress, type EngineAddress } from './engine-address.ts'
import { openEngine, type Engine } from './engine.ts'
import { readContainerFile } from './task-file.ts'

export interface FoundEngine {
  readonly engine: Engine
  readonly address: EngineAddress
}

interface Search {
  /** From the flag; "none" for no engine at all. */
  readonly given: string | undefined
  readonly env: Readonly<Record<string, string | undefined>>
  readonly dataDir: string
  readonly logger: Logger
}

/** A socket that systemd holds starts its engine with the first question. */
const PATIENCE_MS = 10_000

export const findEngine = async ({ given, env, dataDir, logger }: Search): Promise<FoundEngine | undefined> => {
  if (given === 'none') return undefined
  // Containers of ours run somewhere: their engine is ours, whether it answers now or not.
  const used = addressInUse(dataDir)
  for (const address of [...(used ? [used] : []), ...engineAddresses(given, env)]) {
    if (address.is === 'socket' && !existsSync(address.path)) continue
    const engine = openEngine(address)
    try {
      const { kind, version } = await within(engine.facts(), PATIENCE_MS)
      logger.info('a container engine', { engine: addressText(address), kind, version })
      return { engine, address }
    } catch (error) {
      const message = 'a container engine is there and does not answer as one'
      logger.warn(message, { engine: addressText(address), reason: String(error) })
    }
  }
  if (used) return { engine: openEngine(used), address: used }
  if (given !== undefined) logger.warn('no container engine answers; container jobs are not placed here', { given })
  return undefined
}

const within = <T>(work: Promise<T>, ms: number): Promise<T> => {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer within ${ms} ms`)), ms)
  })
  return Promise.race([work, late]).finally(() => clearTimeout(timer))
}

const addressInUse = (dataDir: string): EngineAddress | undefined => {
  const root = join(dataDir, 'tasks')
  if (!existsSync(root)) return undefined
  for (const name of readdirSync(root)) {
    const file = readContainerFile(join(root, name))
    if (file && file.exit === undefined) return readAddress(file.engine)
  }
  return undefined
}
