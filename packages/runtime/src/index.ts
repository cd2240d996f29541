/** What every process has. */
export * from './agent.ts'
export { startHealth, type HealthEndpoint, type HealthOptions } from './health.ts'
export { createMetrics, metricCatalogue, type MetricName, type Metrics } from './metrics.ts'
export { logLevels, pinoLogger, type LogLevel, type PinoLoggerOptions } from './pino-logger.ts'
export { createReadiness, type NotReady, type Readiness } from './readiness.ts'
export { showFold, type FoldingPart } from './show-fold.ts'
export { runService, serviceSettings, type ServiceContext, type ServiceMain } from './service.ts'
