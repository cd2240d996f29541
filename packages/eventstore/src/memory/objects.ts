/** Object stores in memory. */
import type { ObjectStore } from '../kv.ts'
import { scheduled, type Settings } from './options.ts'

export const createObjects = ({ schedule }: Settings): ObjectStore => {
  const objects = new Map<string, Uint8Array>()
  return {
    put: (name, value) => scheduled(schedule, () => void objects.set(name, value.slice())),
    get: (name) => scheduled(schedule, () => objects.get(name)?.slice()),
    delete: (name) => scheduled(schedule, () => void objects.delete(name)),
    list: (prefix = '') =>
      scheduled(schedule, () =>
        [...objects]
          .filter(([name]) => name.startsWith(prefix))
          .map(([name, value]) => ({ name, sizeBytes: value.byteLength })),
      ),
  }
}
