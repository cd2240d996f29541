/** A real container engine for tests, Podman before Docker; `DUNLIN_TEST_ENGINE=docker` asks for the second alone. */
import { startDocker } from './docker.ts'
import type { Started } from './engine-parts.ts'
import { startPodman } from './podman.ts'

export type { TestEngine } from './engine-parts.ts'

export const startTestEngine = async (): Promise<Started> => {
  const wanted = process.env['DUNLIN_TEST_ENGINE']
  const podman = wanted === 'docker' ? { missing: 'Docker was asked for' } : await startPodman()
  if (!('missing' in podman)) return podman
  const docker = await startDocker()
  return 'missing' in docker ? { missing: `${podman.missing}; ${docker.missing}` } : docker
}
