/** What an engine's complaint means: whether trying again can help, and what a person may do. Pure text. */
import { TaskError } from '../driver.ts'

interface Meaning {
  readonly code: string
  readonly permanent: boolean
  readonly hint?: string
}

type Rules = readonly (readonly [RegExp, Meaning])[]

/** The first that fits counts: a refusal is told before a missing image, because registries say both of what is private. */
const pulling: Rules = [
  [/toomanyrequests|too many requests|\b429\b/i, { code: 'image_pull_failed', permanent: false }],
  [
    /unauthorized|authentication required|invalid username|access (to the resource )?(is )?denied|\b(401|403)\b|no basic auth/i,
    {
      code: 'image_access_denied',
      permanent: true,
      hint: 'Check config.registry and the secrets that it names; a registry also says this of an image that is not there.',
    },
  ],
  [
    /manifest (for \S+ )?(is )?unknown|manifest not found|name unknown|no such image|image not known|repository \S+ not found|not found: manifest|status: 404|reading manifest \S+ in \S+: (manifest unknown|not found)/i,
    { code: 'image_not_found', permanent: true, hint: 'Check the name and tag of config.image.' },
  ],
  [
    /invalid reference|parsing (image )?reference|invalid repository name|short-name/i,
    {
      code: 'image_not_found',
      permanent: true,
      hint: 'Give the whole name, with its registry: docker.io/library/nginx:1.29.',
    },
  ],
  [
    /no space left/i,
    {
      code: 'disk_full',
      permanent: false,
      hint: 'The engine has no room for the image; remove images that nobody uses.',
    },
  ],
]

const starting: Rules = [
  [
    /executable file not found|no such file or directory: (unknown|OCI runtime)|command that was not found|exec: ".*": (stat .*: )?no such file|exec format error|permission denied: (unknown|OCI)/i,
    {
      code: 'unknown_command',
      permanent: true,
      hint: 'Check config.command and config.args, and the platform of the image.',
    },
  ],
  [
    /no command or entrypoint provided|no command specified/i,
    { code: 'unknown_command', permanent: true, hint: 'The image names no command: give config.command.' },
  ],
  [
    /unable to find user|no matching entries in (passwd|group)|unable to find group/i,
    { code: 'unknown_user', permanent: true, hint: 'The image knows no such user; a number needs no entry.' },
  ],
  [
    /address already in use|port is already allocated|proxy already running/i,
    { code: 'port_in_use', permanent: false, hint: 'Something else on the node listens there: choose another port.' },
  ],
  [/no such image|image not known/i, { code: 'image_not_found', permanent: false }],
  [
    /netavark|\bCNI\b|iptables|network bridge|setting up network/i,
    {
      code: 'network_unavailable',
      permanent: false,
      hint: "The node's engine has no working bridge: network host or none may do.",
    },
  ],
  [/no space left/i, { code: 'disk_full', permanent: false }],
]

const UNREACHABLE = /ECONNREFUSED|ENOENT.*\.sock|connect ENOENT|EPIPE|socket hang up|ECONNRESET|no answer within/

/** The error to throw for what went wrong while the image was fetched or the container made; what it is anyway stays. */
export const taskError = (error: unknown, during: 'pull' | 'create' | 'start', image: string): TaskError => {
  if (error instanceof TaskError) return error
  const text = textOf(error)
  if (UNREACHABLE.test(text))
    return new TaskError(
      { code: 'engine_unavailable', message: `The container engine does not answer: ${text}` },
      false,
    )
  const rules = during === 'pull' ? pulling : starting
  const otherwise: Meaning = { code: during === 'pull' ? 'image_pull_failed' : 'not_started', permanent: false }
  const { code, permanent, hint } = rules.find(([says]) => says.test(text))?.[1] ?? otherwise
  const what = during === 'pull' ? `The image ${image} could not be fetched` : 'The container could not be started'
  return new TaskError({ code, message: `${what}: ${text}`, ...(hint === undefined ? {} : { hint }) }, permanent)
}

/** Without what the client puts around an answer. */
export const textOf = (error: unknown): string =>
  (error instanceof Error ? error.message : String(error)).replace(/^\(HTTP code \d+\) [a-z ]+ - /, '').trim()

export const statusOf = (error: unknown): number | undefined =>
  error instanceof Error && 'statusCode' in error && typeof error.statusCode === 'number' ? error.statusCode : undefined
