/** The door for the agent: core NATS only, so that its bundle stays small. */
export { connectAgent, type AgentOptions, type ConnectedAgent } from './connect-agent.ts'
export { createNodeKey, publicKeyOf, signProof } from './auth/proof.ts'
export { parseCredentials, userCredentials } from './auth/credentials.ts'
export { openLink, type Credentials, type Link, type LinkOptions } from './connection.ts'
export { decodeToken, encodeToken, tokenLength } from './token.ts'
export {
  checkJobKey,
  COMMANDS,
  commandSubject,
  commandToken,
  contentSubject,
  deadSubject,
  desiredSubject,
  doorbellSubject,
  FRESH,
  freshSubject,
  HEARTBEAT_SHARDS,
  HEARD,
  HEARTBEATS,
  heartbeatShard,
  heartbeatSubject,
  jobSubject,
  LOG_SUBJECT,
  MAX_COMMAND_TOKEN_LENGTH,
  MAX_JOB_KEY_LENGTH,
  MAX_SUBJECT_LENGTH,
  MAX_VERB_LENGTH,
  nodeCommandSubject,
  nodeSubject,
  outcomeSubject,
  parseCommandSubject,
  parseHeartbeatSubject,
  parseLogSubject,
  reportSubject,
  rpcSubject,
  specSubject,
  tokenSubject,
  type CommandSubject,
  type LogSubject,
} from './subjects.ts'
