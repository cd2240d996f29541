/** `dunlin-agent join`. */
import { DunlinError } from '@dunlin/contracts/agent'
import { sleep, systemClock, systemRandom } from '@dunlin/runtime/agent'
import { nodeIdentity } from '../identity.ts'
import { readOrExplain } from '../usage.ts'
import { isInTheClear, JOIN_USAGE, readJoinFlags, type JoinFlags } from './flags.ts'
import { joinServer, waitForApproval } from './join.ts'

const say = (line: string): void => void process.stderr.write(`${line}\n`)

const pause = (ms: number): Promise<void> => sleep(systemClock, ms, new AbortController().signal)

const run = async ({ dataDir, server, nodeId, wait, ...flags }: JoinFlags): Promise<void> => {
  const node = nodeIdentity(dataDir, nodeId, { clock: systemClock, random: systemRandom })
  if (isInTheClear(server)) say(`warning: ${server} is not encrypted; whoever listens on the way can use the token`)
  let membership = await joinServer({ dataDir, server, node, ...flags })
  if (membership.credential === undefined) {
    say(`${node} has joined and waits to be approved: dunlin node approve ${node}`)
    if (!wait) return void process.stdout.write(`${JSON.stringify({ node, state: 'pending', server })}\n`)
    const onTrouble = (error: DunlinError): void => say(`${error.message} (asking again)`)
    membership = (await waitForApproval(dataDir, { pause, onTrouble })) ?? membership
  }
  say(`${node} belongs to ${server} now; dunlin-agent run --data-dir ${dataDir} starts it`)
  process.stdout.write(`${JSON.stringify({ node, state: 'admitted', server })}\n`)
}

export const join = async (args: readonly string[]): Promise<void> => {
  if (args.includes('--help')) return void process.stdout.write(`${JOIN_USAGE}\n`)
  const flags = readOrExplain(() => readJoinFlags(args, process.env), JOIN_USAGE)
  if (flags === undefined) return
  try {
    await run(flags)
  } catch (error) {
    if (error instanceof DunlinError) say(`${error.code}: ${error.message}${error.hint ? `\n  ${error.hint}` : ''}`)
    else say(error instanceof Error ? error.message : String(error))
    process.exitCode = 1
  }
}
