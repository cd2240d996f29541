/** A process that starts one container task and attends to it until it is killed: an agent in the middle of its work. */
import type { Task } from '../drivers/driver.ts'
import { driverOf, type TestDriverSettings } from './container-driver.ts'

const { task, ...settings } = JSON.parse(process.argv[2] ?? '') as TestDriverSettings & { readonly task: Task }
await driverOf(settings).start(task, {
  onExit: () => {},
  onProgress: () => {},
  signal: new AbortController().signal,
})
setInterval(() => {}, 60_000)
