/** The container driver on the engine of a test. */
import { silentLogger } from '@dunlin/runtime/agent'
import { containerDriver } from '../drivers/container/container-driver.ts'
import { openEngine } from '../drivers/container/engine.ts'
import type { Driver } from '../drivers/driver.ts'

export interface TestDriverSettings {
  readonly socket: string
  readonly dataDir: string
  readonly allowedVolumes: readonly string[]
}

export const driverOf = ({ socket, dataDir, allowedVolumes }: TestDriverSettings): Driver =>
  containerDriver({
    engine: openEngine({ is: 'socket', path: socket }),
    engineText: `unix://${socket}`,
    node: 'node-1',
    dataDir,
    allowedVolumes,
    advisoryLimits: false,
    logger: silentLogger,
  })
