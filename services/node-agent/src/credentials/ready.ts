/** What a starting agent makes of its membership: who it is on the server, once it may be there. */
import { DunlinError } from '@dunlin/contracts/agent'
import { userCredentials, type AgentOptions } from '@dunlin/nats/agent'
import { sleep, type Clock, type Logger } from '@dunlin/runtime/agent'
import { readKey, readMembership, type Membership } from './membership.ts'

/**
 * Undefined for a node that never joined. One that was not approved yet runs nothing, so that it may wait here.
 * @throws DunlinError corrupt_document; key_revoked and others when the server refuses it
 */
export const readyMembership = async (
  dataDir: string,
  clock: Clock,
  stopping: AbortSignal,
  logger: Logger,
): Promise<Membership | undefined> => {
  const membership = readMembership(dataDir)
  if (membership === undefined && readKey(dataDir) !== undefined)
    logger.warn('this node has a key and has not joined; it goes on without a credential', {
      hint: 'dunlin-agent join --server URL --token TOKEN',
    })
  if (membership === undefined || membership.credential !== undefined) return membership
  const { node, server } = membership
  logger.warn('the node waits to be approved', { code: 'approval_pending', node, server })
  const { waitForApproval } = await import('../join/join.ts')
  return waitForApproval(dataDir, {
    pause: (ms) => sleep(clock, ms, stopping),
    onTrouble: (error) => logger.warn('the server cannot be asked', { code: error.code, detail: error.message }),
    stopped: () => stopping.aborted,
  })
}

export const identityOf = (
  dataDir: string,
  { node, credential }: Membership,
): NonNullable<AgentOptions['identity']> => {
  const key = readKey(dataDir)
  if (key === undefined || credential === undefined)
    throw new DunlinError('corrupt_document', `The key of ${node} is missing in ${dataDir}.`)
  return { node, credentials: userCredentials(credential, key.seed) }
}
