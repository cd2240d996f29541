// The configuration file of one server on loopback, and the error of a server that does not come up.
import { atLeast } from './version.ts'

/** The server cannot be started: what was tried, and the end of its own log. */
export class NatsServerStartError extends Error {
  override readonly name = 'NatsServerStartError'
}

export interface ServerConfig {
  /** Comes back in the greeting: so the server that answers on the port is known to be this one. */
  readonly serverName: string
  readonly port: number
  readonly storeDir: string
  readonly maxPayloadBytes: number
  /** `always`, or a Go duration. Absent: the server's own default (two minutes). */
  readonly syncInterval?: string
  /** A small one makes the server refuse appends, as a full disk does. */
  readonly maxFileStoreBytes?: number
  /** Further lines of the server's configuration language, at the top level. */
  readonly extraConfig?: string
}

/**
 * Writes the configuration in the server's own language.
 * @throws NatsServerStartError when this version would ignore or refuse something that was asked for
 */
export function renderConfig(config: ServerConfig, version: string): string {
  if (config.syncInterval !== undefined && !atLeast(version, [2, 10])) {
    throw new NatsServerStartError(`nats-server ${version} has no sync_interval; it needs 2.10 or newer`)
  }
  const jetstream = [
    `store_dir: ${JSON.stringify(config.storeDir)}`,
    ...(config.syncInterval === undefined ? [] : [`sync_interval: ${JSON.stringify(config.syncInterval)}`]),
    ...(config.maxFileStoreBytes === undefined ? [] : [`max_file_store: ${config.maxFileStoreBytes}`]),
  ]
  return [
    `server_name: ${config.serverName}`,
    `listen: "127.0.0.1:${config.port}"`,
    `max_payload: ${config.maxPayloadBytes}`,
    'jetstream {',
    ...jetstream.map((line) => `  ${line}`),
    '}',
    config.extraConfig ?? '',
    '',
  ].join('\n')
}
