/**
 * The frame of a service's `main.ts`: reads the configuration, logs it redacted, serves health if asked to, runs the
 * parts, and prints one JSON line on standard output when the service is ready.
 */
import { DunlinError } from '@dunlin/contracts/agent'
import {
  choiceSetting,
  helpText,
  optionalPortSetting,
  optionalTextSetting,
  readConfig,
  redacted,
  switchSetting,
  textSetting,
} from './config.ts'
import type { ConfigOf, Settings } from './config.ts'
import { startHealth } from './health.ts'
import { exitCodes, runProcess, type Lifecycle } from './lifecycle.ts'
import type { Logger } from './logger.ts'
import { createMetrics, type Metrics } from './metrics.ts'
import { logLevels, pinoLogger } from './pino-logger.ts'
import { createReadiness, type Readiness } from './readiness.ts'

/** Settings that every service has. `--health-port` is a port, or absent for no endpoint. */
export const serviceSettings = {
  natsUrl: textSetting('server of the log', 'nats://127.0.0.1:4222'),
  natsCreds: optionalTextSetting('credentials file for it, where authorisation is on'),
  logLevel: choiceSetting('least level that is logged', logLevels, 'info'),
  healthPort: optionalPortSetting('port of /livez, /readyz and /metrics; 0 = any; none by default'),
  exitWithParent: switchSetting('end when the IPC channel or standard input closes'),
}

export interface ServiceContext<S extends Settings> {
  readonly config: ConfigOf<typeof serviceSettings & S>
  readonly logger: Logger
  readonly metrics: Metrics
  readonly readiness: Readiness
  readonly lifecycle: Lifecycle
}

export interface ServiceMain<S extends Settings> {
  readonly name: string
  readonly settings: S
  /** Starts the parts; what it returns joins the ready line. */
  readonly start: (context: ServiceContext<S>) => Promise<Readonly<Record<string, unknown>>>
  readonly argv?: readonly string[]
  readonly env?: Readonly<Record<string, string | undefined>>
}

export const runService = async <S extends Settings>(main: ServiceMain<S>): Promise<void> => {
  const { name, argv = process.argv.slice(2), env = process.env } = main
  const settings = { ...serviceSettings, ...main.settings }
  if (argv.includes('--help')) return void process.stdout.write(helpText(name, settings))
  const config = configOrExit(name, settings, argv, env)
  if (config === undefined) return
  const { logLevel, healthPort, exitWithParent } = config as ConfigOf<typeof serviceSettings>
  const logger = pinoLogger({ service: name, level: logLevel })
  const metrics = createMetrics()
  const readiness = createReadiness()
  logger.info('configuration', { config: redacted(settings, config) })
  await runProcess({ logger, exitWithParent }, async (lifecycle) => {
    let health: string | undefined
    if (healthPort !== undefined) {
      const port = healthPort
      const endpoint = await lifecycle.start(
        'health',
        () => startHealth({ port, readiness, metrics }),
        (part) => part.stop(),
      )
      health = endpoint.url
    }
    // The settings of the service and the common ones were read together; TypeScript cannot see through the spread.
    const context = { config, logger, metrics, readiness, lifecycle } as unknown as ServiceContext<S>
    const facts = await main.start(context)
    const line = { ready: true, service: name, ...facts, ...(health === undefined ? {} : { health }) }
    process.stdout.write(`${JSON.stringify(line)}\n`)
    logger.info('ready', facts)
  })
}

const configOrExit = <S extends Settings>(
  name: string,
  settings: S,
  argv: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
): ConfigOf<S> | undefined => {
  try {
    return readConfig(settings, argv, env)
  } catch (error) {
    if (!(error instanceof DunlinError)) throw error
    const places = (error.errors ?? []).map(({ path, message }) => `  ${path}: ${message}\n`)
    process.stderr.write(`${name}: ${error.message}\n${places.join('')}${error.hint ? `  ${error.hint}\n` : ''}`)
    process.exitCode = exitCodes.usage
    return undefined
  }
}
