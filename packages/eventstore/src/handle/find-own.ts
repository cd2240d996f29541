/** Is the message that the log calls a duplicate this command's own commit? */
import { isUnreadable, readCommit } from '@dunlin/contracts/agent'
import type { AnyCommit } from '../any-commit.ts'
import type { Log } from '../log.ts'
import { parseOne } from '../parse.ts'
import type { CommandEnvelope } from './types.ts'

/**
 * The commit at `seq` if it stands on the same subject under the same command id and body hash. A caller that reuses an
 * id with another body is not served here: deciding again finds the remembered id and says so.
 */
export const findOwn = async (
  log: Pick<Log, 'at'>,
  request: { readonly subject: string; readonly command: CommandEnvelope },
  seq: number,
): Promise<AnyCommit | undefined> => {
  const recorded = await log.at(seq)
  if (recorded?.subject !== request.subject) return undefined
  const commit = readCommit(parseOne(recorded.data))
  if (isUnreadable(commit)) return undefined
  return commit.cmd === request.command.id && commit.req === request.command.req ? commit : undefined
}
