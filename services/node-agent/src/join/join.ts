/** Joins a server: makes the key, asks, keeps what is given, and waits for a person where one has to approve. */
import { DunlinError, type Labels, type NodeId } from '@dunlin/contracts/agent'
import { keepKey, readKey, readMembership, writeMembership, type Membership } from '../credentials/membership.ts'
import { askToJoin, type Ask } from './ask.ts'

export interface Join {
  readonly dataDir: string
  readonly server: string
  readonly node: NodeId
  readonly token?: string | undefined
  readonly name?: string | undefined
  readonly labels: Labels
  readonly fetch?: Ask['fetch']
}

/** Asking again is harmless: it takes no second use of the token, and brings a fresh credential. */
export const joinServer = async (join: Join): Promise<Membership> => {
  const { dataDir, node, token, name, labels } = join
  const server = join.server.replace(/\/+$/, '')
  const before = readMembership(dataDir)
  if (before !== undefined && before.server !== server)
    throw new DunlinError('already_enrolled', `${dataDir} belongs to a node that joined ${before.server}.`, {
      hint: 'Give another --data-dir, or the address that it joined.',
    })
  const key = keepKey(dataDir)
  const answer = await askToJoin({ server, node, key, token, fetch: join.fetch })
  const membership: Membership = {
    s: 1,
    node,
    server,
    ...(answer.credential === undefined ? {} : { credential: answer.credential }),
    natsUrls: answer.nats_urls,
    ...((name ?? before?.name) === undefined ? {} : { name: name ?? before?.name }),
    labels: { ...before?.labels, ...labels },
  }
  writeMembership(dataDir, membership)
  return membership
}

const FIRST_PAUSE_MS = 1_000
const LONGEST_PAUSE_MS = 30_000

export interface ApprovalOptions {
  readonly pause: (ms: number) => Promise<void>
  /** Told once for each reason why the server could not be asked. */
  readonly onTrouble: (error: DunlinError) => void
  readonly stopped?: () => boolean
  readonly fetch?: Ask['fetch']
}

/**
 * Asks until the node is admitted; undefined when it was stopped before. A server that cannot be reached is asked again.
 * @throws DunlinError when the server refuses the node for good
 */
export const waitForApproval = async (
  dataDir: string,
  { pause, onTrouble, stopped = () => false, fetch }: ApprovalOptions,
): Promise<Membership | undefined> => {
  let pauseMs = FIRST_PAUSE_MS
  let told = ''
  while (!stopped()) {
    const membership = readMembership(dataDir)
    const key = readKey(dataDir)
    if (membership === undefined || key === undefined)
      throw new DunlinError('corrupt_document', `There is no node in ${dataDir} that could be approved.`)
    if (membership.credential !== undefined) return membership
    try {
      const { node, server } = membership
      const answer = await askToJoin({ server, node, key, fetch })
      if (answer.credential !== undefined) {
        const admitted = { ...membership, credential: answer.credential, natsUrls: answer.nats_urls }
        writeMembership(dataDir, admitted)
        return admitted
      }
    } catch (error) {
      if (!(error instanceof DunlinError) || !(error.retryable || error.code === 'unreadable_answer')) throw error
      if (told !== error.message) onTrouble(error)
      told = error.message
    }
    await pause(pauseMs * (0.75 + Math.random() / 2))
    pauseMs = Math.min(LONGEST_PAUSE_MS, pauseMs * 1.5)
  }
  return undefined
}
