/** Ends the containers of a data directory without an agent: for whoever removes a node or stops a development fleet. */
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { bareRequest } from './bare-request.ts'
import { readAddress } from './engine-address.ts'
import { openEngine } from './engine.ts'
import { exitOf } from './exits.ts'
import { readContainerFile, writeContainerFile } from './task-file.ts'

/** Beyond the grace, for the engine itself. */
const ENGINE_MS = 15_000

/** Returns how many there were; one whose engine does not answer is left, and counts. */
export const sweepContainers = async (dataDir: string, graceMs: number): Promise<number> => {
  const root = join(dataDir, 'tasks')
  const open = readdirSync(root).flatMap((name) => {
    const dir = join(root, name)
    const file = readContainerFile(dir)
    return file === undefined || file.exit !== undefined ? [] : [{ dir, file }]
  })
  await Promise.all(
    open.map(async ({ dir, file }) => {
      try {
        const address = readAddress(file.engine)
        const engine = openEngine(address)
        // The engine knows the stop signal of the container, and kills it when the time is over.
        const path = `/containers/${file.id}/stop?t=${Math.ceil(graceMs / 1000)}`
        await bareRequest(address, 'POST', path, graceMs + ENGINE_MS)
        const state = await engine.state(file.id)
        await engine.remove(file.id)
        if (state?.is !== 'exited') return
        writeContainerFile(dir, { ...file, exit: exitOf(state, { memory: file.memory, killedByUs: true }) })
      } catch {
        // The engine is not there: its containers are found by their label when it is.
      }
    }),
  )
  return open.length
}
