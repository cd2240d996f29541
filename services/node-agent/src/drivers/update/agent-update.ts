/**
 * An update of the agent by itself: staged and checked while it runs, then put on trial. From there on the launcher decides,
 * and whichever agent runs afterwards tells what came of it.
 */
import { millisOf, type UpdateConfig } from '@dunlin/contracts/agent'
import type { Artifacts } from '../../artifacts/fetch.ts'
import { isDiskFull } from '../../artifacts/problem.ts'
import { currentVersion, holds, switchTo } from '../../update/slots.ts'
import { beginTrial, dropTrial, trialOf } from '../../update/trial.ts'
import { TaskError, type Inspected, type StartControl, type Task } from '../driver.ts'
import { runOwnCommand } from '../own-command.ts'
import { DEFAULT_HEALTHY_MS, filesOf, mayFollow, stageSlot } from './target.ts'

export interface OwnAgent {
  readonly version: string
  /** Where its slots lie; undefined when no launcher has started it. */
  readonly home: string | undefined
  /** Ends this agent, so that the launcher starts what `current` names; what runs is left alone. */
  readonly end: (why: string) => void
}

/** Resolves with true when the version is in use already; otherwise the agent is about to end. */
export const updateAgent = async (
  task: Task,
  config: UpdateConfig,
  { agent, artifacts, dataDir }: { readonly agent: OwnAgent; readonly artifacts: Artifacts; readonly dataDir: string },
  { signal, onProgress }: Pick<StartControl, 'signal' | 'onProgress'>,
): Promise<boolean> => {
  const { home } = agent
  const from = home === undefined ? undefined : currentVersion(home)
  if (home === undefined || from === undefined)
    throw new TaskError(
      {
        code: 'no_launcher',
        message: 'This agent was not started by its launcher, so nobody could switch it back.',
        hint: 'Install it with "dunlin-agent install"; its service starts the launcher.',
      },
      true,
    )
  const isSame = holds(home, from, filesOf(config))
  mayFollow(config, agent.version, isSame)
  if (isSame && agent.version === config.version) return true
  const { name, folder } = await stageSlot(home, config, { artifacts, takeOver: from }, { signal, onProgress })
  onProgress('checking the new version')
  await check(task, config, { slot: folder, dataDir }, signal)
  const { execution, attempt } = task
  const seconds = Math.ceil(
    (config.healthy_within === undefined ? DEFAULT_HEALTHY_MS : millisOf(config.healthy_within)) / 1000,
  )
  await beginTrial(home, { execution, attempt, from, to: name, seconds })
  try {
    await switchTo(home, name)
  } catch (error) {
    if (currentVersion(home) === name) throw error
    dropTrial(home)
    throw isDiskFull(error)
      ? new TaskError({ code: 'disk_full', message: `There is no room in ${home}.` }, false)
      : error
  }
  agent.end(`version ${config.version} takes over`)
  return false
}

/** The new version looks at itself and at this machine; it must also be what it is called. */
const check = async (
  task: Task,
  config: UpdateConfig,
  { slot, dataDir }: { readonly slot: string; readonly dataDir: string },
  signal: AbortSignal,
): Promise<void> => {
  const args = [`${slot}/agent.mjs`, 'check', '--is-version', config.version, '--data-dir', dataDir]
  const own = { command: process.execPath, args }
  const why = await runOwnCommand(task, config.check ?? own, { signal, env: { DUNLIN_SLOT: slot } })
  if (why !== undefined)
    throw new TaskError(
      { code: 'check_failed', message: `Nothing was switched: ${why.replaceAll(slot, config.version)}` },
      true,
    )
}

/** What has become of the attempt, as the launcher and the agents have written it down. */
export const inspectAgentUpdate = (task: Task, home: string): Inspected | undefined => {
  const trial = trialOf(home, task.execution, task.attempt)
  if (trial === undefined) return undefined
  switch (trial.is) {
    case 'on_trial':
      return { is: 'running' }
    case 'healthy':
      return { is: 'exited', code: 0, signal: null, at: Date.now() }
    case 'reverted':
      return { is: 'exited', code: 1, signal: null, at: Date.now(), permanent: true, error: reverted(trial) }
  }
}

export const reverted = ({ to, from, why }: { readonly to: string; readonly from?: string; readonly why: string }) => ({
  code: 'update_reverted',
  message: `Version ${to} was switched back to ${from ?? 'none'}: ${why}`,
})
