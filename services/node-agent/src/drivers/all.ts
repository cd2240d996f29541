/** The drivers of a real agent. A driver that this machine cannot serve is left out, and the announcement says so by its absence. */
import type { Logger } from '@dunlin/runtime/agent'
import { existsSync } from 'node:fs'
import type { Artifacts } from '../artifacts/fetch.ts'
import type { LimitPolicy } from '../cgroups/limits.ts'
import type { PathPrefix } from '../flags.ts'
import { configDriver } from './config/config-driver.ts'
import { containerDriver } from './container/container-driver.ts'
import { addressText } from './container/engine-address.ts'
import { findEngine } from './container/find-engine.ts'
import type { Driver } from './driver.ts'
import { pipelineEntry, processEntry } from './pipeline/entry.ts'
import { pipelineDriver } from './pipeline/pipeline-driver.ts'
import { processDriver } from './process/process-driver.ts'
import { hasDuckdb } from './query/find-duckdb.ts'
import { queryDriver } from './query/query-driver.ts'
import type { OwnAgent } from './update/agent-update.ts'
import { updateDriver } from './update/update-driver.ts'

export interface DriverSettings {
  /** URL of the agent's own entry file: other processes of the agent lie beside it. */
  readonly agentUrl: string
  readonly pathMap: readonly PathPrefix[]
  readonly artifacts: Artifacts
  readonly dataDir: string
  /** Folders that config jobs may write below. */
  readonly configRoots: readonly string[]
  readonly ownAgent: OwnAgent
  /** Folders that queries may read. */
  readonly queryRoots: readonly string[]
  readonly node: { readonly id: string; readonly labels: Readonly<Record<string, string>> }
  readonly limits: LimitPolicy
  readonly logger: Logger
  /** Where a container engine listens, and which folders of the node containers may mount. */
  readonly containers: { readonly socket: string | undefined; readonly allowedVolumes: readonly string[] }
}

export const findDrivers = async (settings: DriverSettings): Promise<readonly Driver[]> => {
  const { agentUrl, pathMap, queryRoots, node, limits, artifacts, dataDir, configRoots, logger, containers } = settings
  const drivers: Driver[] = [
    processDriver({ node, limits, artifacts }),
    pipelineDriver({ ...pipelineEntry(agentUrl), pathMap, limits }),
    configDriver({ artifacts, places: { roots: configRoots, dataDir } }),
    updateDriver({ artifacts, dataDir, agent: settings.ownAgent }),
  ]
  const query = processEntry('query-process', agentUrl)
  if (existsSync(query.entry) && hasDuckdb(query.entry))
    drivers.push(queryDriver({ ...query, roots: queryRoots, pathMap, limits }))
  const found = await findEngine({ given: containers.socket, env: process.env, dataDir, logger })
  if (found)
    drivers.push(
      containerDriver({
        engine: found.engine,
        engineText: addressText(found.address),
        node: node.id,
        dataDir,
        allowedVolumes: containers.allowedVolumes,
        advisoryLimits: limits.advisory,
        logger,
      }),
    )
  await Promise.all(
    drivers.map(async (driver) => {
      try {
        await driver.recover?.()
      } catch (error) {
        // What it did not find again is looked at with its task; the agent must come up for the others.
        logger.error('a driver could not recover', { driver: driver.type, error: String(error) })
      }
    }),
  )
  return drivers
}
