/**
 * Every error code once: the sentence for people, what helps, the HTTP status, and whether trying again can help.
 * docs/errors.md is written from here and a test compares them. A code is a promise: it is never renamed.
 */
export interface ErrorEntry {
  readonly status: number
  readonly retryable: boolean
  readonly sentence: string
  readonly hint?: string
}

const entry = (status: number, retryable: boolean, sentence: string, hint?: string): ErrorEntry =>
  hint === undefined ? { status, retryable, sentence } : { status, retryable, sentence, hint }

export const errorCatalogue = {
  // What was sent is wrong; sending it again changes nothing.
  malformed_body: entry(400, false, 'The body cannot be read.', 'Send one JSON or YAML document in UTF-8.'),
  invalid_spec: entry(400, false, 'The job spec is not valid.', 'Every wrong field is listed under "errors".'),
  invalid_command: entry(400, false, 'The command is not valid.'),
  invalid_request: entry(400, false, 'The request is not valid.'),
  invalid_subject: entry(
    400,
    false,
    'The subject is not one that Dunlin knows.',
    'cmd.job.<namespace>.<name>.<verb> or cmd.node.<id>.<verb>',
  ),
  unknown_verb: entry(400, false, 'There is no such command.'),
  subject_mismatch: entry(400, false, "The subject's namespace and name are not those of the spec."),
  literal_secret: entry(
    400,
    false,
    'A secret stands in the spec in clear text.',
    'Use an environment variable, a file or a provider.',
  ),
  not_built: entry(501, false, 'This is not built yet.'),
  body_too_large: entry(413, false, 'The body is too large.', 'A spec may have up to 512 KiB.'),
  unsupported_media_type: entry(
    415,
    false,
    'This content type is not read.',
    'Send application/json or application/yaml.',
  ),
  reply_subject_refused: entry(400, false, 'Dunlin-Reply-To must lie under _INBOX.'),
  // What was asked does not fit the present state.
  job_not_found: entry(404, false, 'There is no such job.'),
  rollout_not_found: entry(404, false, 'There is no such rollout.', 'The job shows the rollouts that are remembered.'),
  version_not_found: entry(
    404,
    false,
    'There is no such version of this job, or it is not kept any more.',
    'The job shows its versions under status.versions; apply the old spec again to go back further.',
  ),
  node_not_found: entry(404, false, 'There is no such node.'),
  execution_not_found: entry(404, false, 'There is no such execution.'),
  command_unknown: entry(
    404,
    false,
    'No outcome of this command is known.',
    'It may still be queued, or be older than what is remembered.',
  ),
  route_not_found: entry(404, false, 'There is no such route.', 'GET /openapi.json lists all of them.'),
  method_not_allowed: entry(405, false, 'This route does not take this method.'),
  job_not_stopped: entry(
    409,
    false,
    'The job must be stopped, completed or failed first.',
    'Stop it, or delete with force.',
  ),
  wrong_phase: entry(
    409,
    false,
    'The rollout is in a phase in which this is not possible.',
    '"phase" and "holds" say where it stands, "possible" what can be done.',
  ),
  no_rollback_target: entry(
    409,
    false,
    'There is nothing to go back to: no other content was proven by a completed rollout.',
    'Name a version, or apply another spec.',
  ),
  wrong_state: entry(409, false, 'This is not possible in the present state.', '"possible" names what is.'),
  not_by_subject: entry(
    403,
    false,
    'This command is not taken by subject, because NATS names no publisher.',
    'Send it by HTTP or with the CLI.',
  ),
  idempotency_key_reused: entry(
    409,
    false,
    'This command id was used before with another body.',
    'Use a new id for a new command.',
  ),
  overtaken: entry(409, false, 'A later command of this job was applied first.', 'Read the job and decide again.'),
  expired: entry(409, false, 'The command came after its not_after.'),
  precondition_failed: entry(
    412,
    false,
    'The job is not at the version or revision that was expected.',
    'Read it and decide again.',
  ),
  events_gone: entry(
    410,
    false,
    'The log no longer holds the events after this id.',
    'Read the present state and follow from there.',
  ),
  // Joining and asking without the right to.
  token_unknown: entry(
    403,
    false,
    'This join token is not known.',
    'Copy the whole token; dunlin node token create makes one.',
  ),
  token_expired: entry(403, false, 'This join token has expired.', 'dunlin node token create makes another.'),
  token_used_up: entry(403, false, 'This join token has no use left.', 'dunlin node token create makes another.'),
  token_revoked: entry(403, false, 'This join token was revoked.', 'dunlin node token create makes another.'),
  token_not_found: entry(404, false, 'There is no join token with this id.', 'dunlin node token list shows them.'),
  wrong_signature: entry(403, false, 'The request is not signed by the key that it names.'),
  stale_proof: entry(
    403,
    false,
    'The proof is too old, or was made for another server.',
    'Ask again: a fresh challenge is fetched.',
  ),
  node_taken: entry(
    409,
    false,
    'This node id belongs to another key.',
    'Take another id; or dunlin node remove, if the node was set up anew.',
  ),
  key_taken: entry(
    409,
    false,
    'This key belongs to another node.',
    'Each node has a key of its own: empty the credentials folder of this one, which makes a new key.',
  ),
  key_revoked: entry(
    403,
    false,
    'This key was revoked when its node was removed.',
    'Join with a new token and an empty credentials folder, which makes a new key.',
  ),
  already_enrolled: entry(409, false, 'This node has joined already.'),
  approval_pending: entry(409, false, 'The node has joined and waits to be approved.', 'dunlin node approve <node>'),
  enrolment_off: entry(
    501,
    false,
    'This server has no authority to let nodes in.',
    'Start the API with --authority; npm start -- --secure does.',
  ),
  unauthenticated: entry(
    401,
    false,
    'The server wants to know who asks.',
    'Give the token of the API: --token or DUNLIN_TOKEN.',
  ),
  // The system cannot do it now; the same call may succeed later.
  log_unavailable: entry(503, true, 'The log does not answer.'),
  log_full: entry(507, true, 'The log is full.', 'Compact it (dunlin log compact) or raise its limit.'),
  log_busy: entry(503, true, 'Too many writers changed this job at once.'),
  not_ready: entry(503, true, 'This process has not caught up with the log yet.'),
  server_unreachable: entry(
    503,
    true,
    'The server cannot be reached.',
    'Is it running? --server or DUNLIN_SERVER says where.',
  ),
  unreadable_answer: entry(
    502,
    false,
    'The server sent an answer that cannot be read.',
    'Is it a Dunlin server, and of the same release?',
  ),
  no_answer: entry(504, true, 'Nobody answered in time.'),
  node_offline: entry(503, true, 'The node is not connected.', 'dunlin get nodes shows when it was last heard.'),
  node_too_old: entry(501, false, "The node's agent does not know this question.", 'Upgrade the agent on that node.'),
  too_many_streams: entry(503, true, 'Too many answers in parts are under way at once.'),
  stream_interrupted: entry(502, true, 'Parts of the answer were lost on their way.'),
  exec_not_allowed: entry(
    403,
    false,
    'This node runs no such command for anybody.',
    'Only who starts the agent can allow it: --allow-exec, or --exec-command PROGRAM for single programs.',
  ),
  // The log or the fleet needs a person.
  log_gap: entry(
    500,
    false,
    'Commits of this aggregate are missing: it is quarantined.',
    'The job shows what is missing under status.condition. No command mends it yet; nothing else is affected.',
  ),
  needs_upgrade: entry(
    500,
    false,
    'A newer release wrote to this aggregate; this process reads it only.',
    'Upgrade this process.',
  ),
  log_rewound: entry(500, true, 'The log went backwards; the state is being rebuilt.'),
  commit_too_large: entry(413, false, 'The decision does not fit into one message of the log.'),
  node_full: entry(409, false, "The node's desired document would be too large."),
  unsafe_server: entry(500, false, 'This nats-server is not safe for what was asked of it.'),
  stream_mismatch: entry(500, false, 'A stream exists with a configuration that Dunlin must not change.'),
  corrupt_document: entry(500, false, 'A stored document cannot be read.'),
  second_agent: entry(
    409,
    false,
    'An agent with this identity runs already.',
    'Give every node its own data directory.',
  ),
  // A node cannot write down what it does: what runs goes on, nothing new begins.
  journal_full: entry(
    507,
    true,
    "The node's journal has reached its limit.",
    'Run fewer executions on this node, or raise --journal-mb.',
  ),
  disk_full: entry(507, true, "The disk of the node's journal is full.", 'Make room on it.'),
  journal_unwritable: entry(
    500,
    true,
    "The node's journal cannot be written.",
    'Is its file system mounted read-only, or broken?',
  ),
  internal: entry(500, false, 'Something unexpected happened.'),
} as const satisfies Record<string, ErrorEntry>

export type ErrorCode = keyof typeof errorCatalogue
