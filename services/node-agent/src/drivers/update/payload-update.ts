/**
 * An update of something beside the agent: staged, applied, switched to, restarted, and checked; switched back when it does
 * not become healthy in time. Each step can be gone on with by the next agent.
 */
import { millisOf, type UpdateConfig } from '@dunlin/contracts/agent'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import type { Artifacts } from '../../artifacts/fetch.ts'
import { currentVersion, holdsOnly, keepSlots, slotOf, switchTo } from '../../update/slots.ts'
import { TaskError, type StartControl, type Task } from '../driver.ts'
import { runOwnCommand } from '../own-command.ts'
import { writeRecord, type UpdateRecord } from './record.ts'
import { DEFAULT_HEALTHY_MS, filesOf, mayFollow, stageSlot } from './target.ts'

const CHECK_EVERY_MS = 1_000

/** Everything before the switch. Throws `TaskError`; then nothing has changed. */
export const preparePayload = async (
  task: Task,
  config: UpdateConfig,
  { home, artifacts }: { readonly home: string; readonly artifacts: Artifacts },
  { signal, onProgress }: Pick<StartControl, 'signal' | 'onProgress'>,
): Promise<UpdateRecord> => {
  const { attempt } = task
  const from = currentVersion(home)
  const isSame = from !== undefined && holdsOnly(home, from, filesOf(config))
  mayFollow(config, baseOf(from), isSame)
  if (isSame && baseOf(from) === config.version) return { attempt, to: from, step: { is: 'done', at: Date.now() } }
  const { name } = await stageSlot(home, config, { artifacts }, { signal, onProgress })
  if (config.apply) {
    const why = await runOwnCommand(task, config.apply, { signal, env: environment(home, name, from) })
    if (why !== undefined) throw new TaskError({ code: 'apply_failed', message: `Nothing was switched: ${why}` }, false)
  }
  return { attempt, to: name, ...(from === undefined ? {} : { from }), step: { is: 'switching' } }
}

/** A slot that took the place of another content under the same version is called by it. */
const baseOf = (slot: string | undefined): string | undefined => slot?.replace(/(\+again)+$/, '')

/** From the switch to the end. Resolves with the record of how it ended; `signal` means: go back. */
export const carryThrough = async (
  task: Task,
  config: UpdateConfig,
  home: string,
  found: UpdateRecord,
  signal: AbortSignal,
): Promise<UpdateRecord> => {
  const { to, from } = found
  let record = found
  const become = async (step: UpdateRecord['step']): Promise<void> => {
    record = { ...record, step }
    await writeRecord(task.dir, record)
  }
  for (;;) {
    switch (record.step.is) {
      case 'switching':
        await writeRecord(task.dir, record)
        await switchTo(home, to)
        await become({ is: 'on_trial' })
        break
      case 'on_trial': {
        const why = await whyNotHealthy(task, config, environment(home, to, from), signal)
        if (why === undefined) {
          keepSlots(home, [to, from])
          await become({ is: 'done', at: Date.now() })
        } else await become({ is: 'going_back', why })
        break
      }
      case 'going_back': {
        const { why } = record.step
        await switchTo(home, from)
        const env = environment(home, from, to)
        const never = new AbortController().signal
        const trouble =
          config.restart && from !== undefined ? await restarted(task, config.restart, env, never) : undefined
        const after = trouble === undefined ? '' : `; and after going back, ${trouble}`
        await become({ is: 'reverted', why: `${why}${after}`, at: Date.now() })
        break
      }
      case 'done':
      case 'reverted':
        return record
    }
  }
}

const whyNotHealthy = async (
  task: Task,
  { restart, check, healthy_within }: UpdateConfig,
  env: Readonly<Record<string, string>>,
  signal: AbortSignal,
): Promise<string | undefined> => {
  const withinMs = healthy_within === undefined ? DEFAULT_HEALTHY_MS : millisOf(healthy_within)
  const endMs = performance.now() + withinMs
  if (signal.aborted) return 'it was stopped'
  let why = restart && (await restarted(task, restart, env, signal))
  if (why !== undefined || check === undefined) return why
  do {
    // A check that hangs uses up the time that is left, and no more.
    const timeout = check.timeout ?? `${Math.max(1, Math.round(endMs - performance.now()))}ms`
    const said = await restarted(task, { ...check, timeout }, env, signal)
    if (said === undefined) return undefined
    // One that the end of the time cut short says less than the one before it.
    if (why === undefined || performance.now() < endMs) why = said
    await delay(Math.min(CHECK_EVERY_MS, withinMs / 10), undefined, { signal }).catch(() => {})
  } while (performance.now() < endMs && !signal.aborted)
  return signal.aborted ? 'it was stopped' : `it did not become healthy within ${withinMs / 1000} s: ${why}`
}

/** A command that cannot be run at all is a version that is not healthy. */
const restarted = async (
  task: Task,
  command: NonNullable<UpdateConfig['restart']>,
  env: Readonly<Record<string, string>>,
  signal: AbortSignal,
): Promise<string | undefined> => {
  try {
    return await runOwnCommand(task, command, { signal, env })
  } catch (error) {
    return error instanceof Error ? error.message : String(error)
  }
}

const environment = (home: string, to: string | undefined, other: string | undefined): Record<string, string> => ({
  DUNLIN_CURRENT: join(home, 'current'),
  DUNLIN_SLOT: to === undefined ? '' : slotOf(home, to),
  DUNLIN_VERSION: to ?? '',
  DUNLIN_OTHER_SLOT: other === undefined ? '' : slotOf(home, other),
})
