/** The agent's settings from flags and environment. Flags win; lists in the environment are separated by commas. */
import { labelsSchema, MAX_LABEL_VALUE, type Labels } from '@dunlin/contracts/agent'
import { isAbsolute, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { readAddress } from './drivers/container/engine-address.ts'

export interface PathPrefix {
  readonly from: string
  readonly to: string
}

export interface Flags {
  /** Undefined: where the node joined, or else this machine. */
  readonly natsUrl: string | undefined
  readonly dataDir: string
  readonly nodeId: string | undefined
  readonly name: string | undefined
  readonly labels: Labels
  readonly pathMap: readonly PathPrefix[]
  readonly logLevel: string
  readonly exitWithParent: boolean
  /** Only end the tasks of the data directory, and run no agent. */
  readonly sweep: boolean
  /** Tasks end with the agent: for development, where nothing may outlive the launcher. */
  readonly stopTasksOnExit: boolean
  /** Whether anybody who reaches the API may run commands here, or only these programs (absolute paths). */
  readonly allowExec: boolean
  readonly execPrograms: readonly string[]
  readonly artifactCacheBytes: number
  /** What the journal may take. */
  readonly journalBytes: number
  /** `file:` artifacts lie below one of them. */
  readonly artifactRoots: readonly string[]
  readonly artifactLinkLocal: boolean
  /** Config jobs write below one of them. */
  readonly configRoots: readonly string[]
  /** unix:///path, tcp://host:port, or none; the usual places where absent. */
  readonly containerSocket: string | undefined
  /** Containers mount what lies below one of them. */
  readonly allowedVolumes: readonly string[]
  /** Queries read below one of them. */
  readonly queryRoots: readonly string[]
  /** Secrets of provider `file` lie below it. */
  readonly secretsDir: string | undefined
  /** Variables of the agent's own environment that jobs may have as secrets. */
  readonly allowedEnv: readonly string[]
  /** Limits that this machine cannot enforce are taken for advice. */
  readonly advisoryLimits: boolean
}

export const USAGE = `dunlin node-agent
  --nats-url URL        (DUNLIN_NATS_URL); several separated by commas; else what dunlin-agent join was told, or
                        nats://127.0.0.1:4222
  --data-dir DIR        .dunlin/agent (DUNLIN_DATA_DIR): identity, journal, tasks
  --node-id ID          made once when absent (DUNLIN_NODE_ID)
  --name NAME           shown to people (DUNLIN_NODE_NAME)
  --label KEY=VALUE     repeated (DUNLIN_LABELS, separated by commas)
  --map-path FROM=TO    repeated (DUNLIN_MAP_PATHS): pipelines that name FROM/x read and write TO/x
  --config-root DIR     repeated (DUNLIN_CONFIG_ROOTS): config jobs write files below it; none: they are refused
  --container-socket S  unix:///path, tcp://host:port or none (DUNLIN_CONTAINER_SOCKET); absent: DOCKER_HOST, the usual places
  --allow-volume DIR    repeated (DUNLIN_ALLOW_VOLUMES): containers mount what lies below it; none: volumes are refused
  --query-root DIR      repeated (DUNLIN_QUERY_ROOTS): queries read files below it; none: they are refused
  --artifact-root DIR   repeated (DUNLIN_ARTIFACT_ROOTS): file: artifacts are taken from below it; none: they are refused
  --artifact-cache-mb N 1024 (DUNLIN_ARTIFACT_CACHE_MB): what downloaded artifacts may take, and one of them at most
  --artifact-link-local let artifacts come from link-local and metadata addresses
  --journal-mb N        64 (DUNLIN_JOURNAL_MB): what the journal may take; at least 2
  --secrets-dir DIR     (DUNLIN_SECRETS_DIR): secrets of provider "file" lie below it; none: they are refused
  --allow-env NAME      repeated (DUNLIN_ALLOW_ENV): a variable of the agent that jobs may have as a secret
  --advisory-limits     take resources that cannot be enforced here for advice, instead of refusing the job
  --allow-exec          let dunlin exec run any command here (DUNLIN_ALLOW_EXEC=true); without it none
  --exec-command PATH   repeated (DUNLIN_EXEC_COMMANDS): let dunlin exec run this program here, and no other
  --log-level LEVEL     debug, info, warn, error (DUNLIN_LOG_LEVEL)
  --exit-with-parent    end when standard input closes
  --sweep               only end the tasks of the data directory (no agent may run on it)
  --stop-tasks-on-exit  end what runs too; for development, where nothing may outlive the launcher`

/** Throws an Error with one sentence a person can act on. */
export const readFlags = (args: readonly string[], env: Readonly<Record<string, string | undefined>>): Flags => {
  const { values } = parseArgs({
    args: [...args],
    options: {
      'nats-url': { type: 'string' },
      'data-dir': { type: 'string' },
      'node-id': { type: 'string' },
      name: { type: 'string' },
      label: { type: 'string', multiple: true },
      'map-path': { type: 'string', multiple: true },
      'log-level': { type: 'string' },
      'exit-with-parent': { type: 'boolean' },
      sweep: { type: 'boolean' },
      'stop-tasks-on-exit': { type: 'boolean' },
      'config-root': { type: 'string', multiple: true },
      'container-socket': { type: 'string' },
      'allow-volume': { type: 'string', multiple: true },
      'query-root': { type: 'string', multiple: true },
      'artifact-root': { type: 'string', multiple: true },
      'secrets-dir': { type: 'string' },
      'allow-env': { type: 'string', multiple: true },
      'advisory-limits': { type: 'boolean' },
      'allow-exec': { type: 'boolean' },
      'exec-command': { type: 'string', multiple: true },
      'artifact-cache-mb': { type: 'string' },
      'journal-mb': { type: 'string' },
      'artifact-link-local': { type: 'boolean' },
    },
  })
  const listed = (name: string): string[] => (env[name] ?? '').split(',').filter((item) => item !== '')
  return {
    natsUrl: values['nats-url'] ?? (env['DUNLIN_NATS_URL'] || undefined),
    dataDir: resolve(values['data-dir'] ?? env['DUNLIN_DATA_DIR'] ?? '.dunlin/agent'),
    nodeId: values['node-id'] ?? (env['DUNLIN_NODE_ID'] || undefined),
    name: values.name ?? (env['DUNLIN_NODE_NAME'] || undefined),
    labels: readLabels([...listed('DUNLIN_LABELS'), ...(values.label ?? [])]),
    pathMap: [...listed('DUNLIN_MAP_PATHS'), ...(values['map-path'] ?? [])].map(readPrefix),
    logLevel: values['log-level'] ?? env['DUNLIN_LOG_LEVEL'] ?? 'info',
    exitWithParent: values['exit-with-parent'] ?? false,
    sweep: values.sweep ?? false,
    stopTasksOnExit: values['stop-tasks-on-exit'] ?? false,
    allowExec: values['allow-exec'] ?? env['DUNLIN_ALLOW_EXEC'] === 'true',
    execPrograms: [...listed('DUNLIN_EXEC_COMMANDS'), ...(values['exec-command'] ?? [])].map(readProgram),
    artifactCacheBytes: readMebibytes(values['artifact-cache-mb'] ?? env['DUNLIN_ARTIFACT_CACHE_MB'] ?? '1024'),
    journalBytes: readJournalLimit(values['journal-mb'] ?? env['DUNLIN_JOURNAL_MB'] ?? '64'),
    artifactRoots: [...listed('DUNLIN_ARTIFACT_ROOTS'), ...(values['artifact-root'] ?? [])].map(
      readRoot('--artifact-root'),
    ),
    artifactLinkLocal: values['artifact-link-local'] ?? false,
    configRoots: [...listed('DUNLIN_CONFIG_ROOTS'), ...(values['config-root'] ?? [])].map(readRoot('--config-root')),
    containerSocket: readSocket(values['container-socket'] ?? (env['DUNLIN_CONTAINER_SOCKET'] || undefined)),
    allowedVolumes: [...listed('DUNLIN_ALLOW_VOLUMES'), ...(values['allow-volume'] ?? [])].map(
      readRoot('--allow-volume'),
    ),
    queryRoots: [...listed('DUNLIN_QUERY_ROOTS'), ...(values['query-root'] ?? [])].map(readRoot('--query-root')),
    secretsDir: optionalRoot('--secrets-dir', values['secrets-dir'] ?? env['DUNLIN_SECRETS_DIR']),
    allowedEnv: [...listed('DUNLIN_ALLOW_ENV'), ...(values['allow-env'] ?? [])],
    advisoryLimits: values['advisory-limits'] ?? env['DUNLIN_ADVISORY_LIMITS'] === 'true',
  }
}

const readProgram = (path: string): string => {
  if (!isAbsolute(path)) throw new Error(`--exec-command ${path}: expected an absolute path`)
  return path
}

const pair = (text: string, flag: string): [string, string] => {
  const cut = text.indexOf('=')
  if (cut < 1) throw new Error(`${flag} ${text}: expected NAME=VALUE`)
  return [text.slice(0, cut), text.slice(cut + 1)]
}

export const readLabels = (texts: readonly string[]): Labels => {
  const labels: Record<string, string> = {}
  for (const text of texts) {
    const [key, value] = pair(text, '--label')
    if (!labelsSchema.safeParse({ [key]: value }).success)
      throw new Error(
        `--label ${text}: a key may hold a-z A-Z 0-9 . _ - /, a value up to ${MAX_LABEL_VALUE} characters`,
      )
    labels[key] = value
  }
  return labels
}

const readRoot =
  (flag: string) =>
  (text: string): string => {
    if (!isAbsolute(text)) throw new Error(`${flag} ${text}: expected an absolute folder`)
    return resolve(text)
  }

const optionalRoot = (flag: string, text: string | undefined): string | undefined =>
  text === undefined || text === '' ? undefined : readRoot(flag)(text)

/** Refused here and not when the first container starts. */
const readSocket = (text: string | undefined): string | undefined => {
  if (text !== undefined && text !== 'none') readAddress(text)
  return text
}

const readMebibytes = (text: string, flag = '--artifact-cache-mb'): number => {
  if (!/^[1-9]\d{0,7}$/.test(text)) throw new Error(`${flag} ${text}: expected a whole number of MiB`)
  return Number(text) * 1_048_576
}

const readJournalLimit = (text: string): number => {
  const bytes = readMebibytes(text, '--journal-mb')
  if (bytes < 2 * 1_048_576) throw new Error(`--journal-mb ${text}: expected 2 at least`)
  return bytes
}

const readPrefix = (text: string): PathPrefix => {
  const [from, to] = pair(text, '--map-path')
  if (!isAbsolute(from) || to === '') throw new Error(`--map-path ${text}: expected /absolute/prefix=folder`)
  return { from: from.replace(/\/+$/, '') || '/', to: resolve(to) }
}
