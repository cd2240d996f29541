/** The fold of `evt.log`: the epoch in force, and what was archived. */
import type { Commit, LogOwnEvent } from '@dunlin/contracts'

export interface LogState {
  epoch: number
  archives: number
}
export const noLog = (): LogState => ({ epoch: 0, archives: 0 })

export const foldLogCommit = (log: LogState, commit: Commit<LogOwnEvent>): LogState => {
  for (const event of commit.ev)
    if (event.type === 'EpochRaised') log.epoch = Math.max(log.epoch, event.epoch)
    else if (event.type === 'HistoryArchived') log.archives += 1
  return log
}
