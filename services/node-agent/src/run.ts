/** `dunlin-agent run`: reads the settings, wires the real ports, prints one line when the log knows this node. */
import { DunlinError, type JournalId } from '@dunlin/contracts/agent'
import { connectAgent } from '@dunlin/nats/agent'
import { runProcess, sleep, systemClock, systemRandom, type Lifecycle, type Logger } from '@dunlin/runtime/agent'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { startAgent } from './agent.ts'
import { identityOf, readyMembership } from './credentials/ready.ts'
import { createArtifacts } from './artifacts/fetch.ts'
import { groupName } from './cgroups/backend.ts'
import { findCgroups } from './cgroups/find.ts'
import { limitCapabilities } from './cgroups/limits.ts'
import { connectLater } from './connect-later.ts'
import { findDrivers } from './drivers/all.ts'
import { killTasks } from './drivers/kill-tasks.ts'
import { execPolicyOf } from './exec/policy.ts'
import { endLeftCommands } from './exec/left-behind.ts'
import { readFlags, USAGE, type Flags } from './flags.ts'
import { AGENT_VERSION, hostLabels, hostResources } from './host.ts'
import { nodeIdentity } from './identity.ts'
import { openJournal } from './journal/open-journal.ts'
import { jsonLogger } from './json-logger.ts'
import { hostReadings } from './metrics/host-readings.ts'
import { createSecrets, secretCapabilities } from './secrets/source.ts'
import { confirmTrial, isOnTrial } from './update/trial.ts'
import { readOrExplain } from './usage.ts'

const DEFAULT_NATS_URL = 'nats://127.0.0.1:4222'
/** How long the first connection is waited for before the agent goes on without one. */
const FIRST_CONNECTION_MS = 3_000
/** Below the deadline of a stop (10 s), together with what the agent itself needs. */
const STOP_TASKS_GRACE_MS = 3_000

const start = async (flags: Flags, logger: Logger, lifecycle: Lifecycle): Promise<void> => {
  const { dataDir, pathMap } = flags
  const agentHome = process.env['DUNLIN_AGENT_HOME'] || undefined
  const clock = systemClock
  const random = systemRandom
  const node = nodeIdentity(dataDir, flags.nodeId, { clock, random })
  const membership = await readyMembership(dataDir, clock, lifecycle.stopping, logger)
  if (lifecycle.stopping.aborted) return
  mkdirSync(join(dataDir, 'tasks'), { recursive: true, mode: 0o700 })
  const journal = openJournal({
    file: join(dataDir, 'journal.db'),
    newId: () => random.ulid(clock.nowMs()) as JournalId,
    logger,
    limitBytes: flags.journalBytes,
  })
  // Nobody else may use this directory from here on.
  const left = endLeftCommands(dataDir)
  if (left > 0) logger.warn('commands on request of an agent that was killed were ended', { commands: left })
  // First in, last out: the agent must not start again what is ended here.
  if (flags.stopTasksOnExit)
    await lifecycle.start(
      'tasks',
      () => dataDir,
      // An agent that makes room for its next version ends, and its tasks do not.
      async (dir) =>
        void (agentHome !== undefined && isOnTrial(agentHome) ? 0 : await killTasks(dir, STOP_TASKS_GRACE_MS)),
    )
  const url = flags.natsUrl?.split(',') ?? membership?.natsUrls ?? [DEFAULT_NATS_URL]
  logger.info('connecting', { servers: url.map(withoutPassword) })
  const connecting = connectAgent({
    url,
    name: `node-agent ${node}`,
    identity: membership && identityOf(dataDir, membership),
    onTrouble: (reason, refused) =>
      refused
        ? logger.error('the server refuses this node; what runs here runs on', { code: 'key_revoked', reason })
        : logger.warn('the server cannot be used', { code: 'log_unavailable', reason }),
    waitOnFirstConnect: true,
    // Right again within 5 s after the network is back, however long it was away.
    maxReconnectDelayMs: 4_000,
  })
  const connection = await lifecycle.start(
    'connection',
    () => connectLater(connecting),
    (part) => part.close(),
  )
  await Promise.race([connecting.catch(() => undefined), sleep(clock, FIRST_CONNECTION_MS, lifecycle.stopping)])
  const { bus, reports, desired, specs } = connection
  const artifacts = createArtifacts({
    dir: join(dataDir, 'artifacts'),
    cacheBytes: flags.artifactCacheBytes,
    policy: { roots: flags.artifactRoots, allowLinkLocal: flags.artifactLinkLocal },
  })
  const labels = { ...hostLabels(flags.name ?? membership?.name), ...membership?.labels, ...flags.labels }
  const limits = { cgroups: findCgroups(dataDir), advisory: flags.advisoryLimits }
  const { kind, enforces, reason } = limits.cgroups
  logger.info('limits that this machine keeps', { controlGroups: kind, enforces: [...enforces], reason })
  await limits.cgroups.reap(join(dataDir, 'tasks'))
  const secrets = createSecrets({ dir: flags.secretsDir, allowedEnv: flags.allowedEnv, env: process.env })
  const drivers = await findDrivers({
    agentUrl: import.meta.url,
    pathMap,
    artifacts,
    dataDir,
    configRoots: flags.configRoots,
    ownAgent: { version: AGENT_VERSION, home: agentHome, end: (why) => lifecycle.end(why) },
    queryRoots: flags.queryRoots,
    node: { id: node, labels },
    limits,
    logger,
    containers: { socket: flags.containerSocket, allowedVolumes: flags.allowedVolumes },
  })
  const agent = await lifecycle.start(
    'agent',
    () =>
      startAgent(
        {
          bus,
          reports,
          desired,
          specs,
          clock,
          random,
          logger,
          journal,
          drivers,
          secrets,
          host: hostReadings(dataDir),
          expectStart: (execution) => limits.cgroups.expect(groupName(execution, 1)),
        },
        {
          node,
          agentVersion: AGENT_VERSION,
          labels,
          capabilities: [...limitCapabilities(limits), ...secretCapabilities(flags)],
          resources: hostResources(dataDir),
          dataDir,
          exec: execPolicyOf(flags.allowExec, flags.execPrograms),
        },
      ),
    (part) => part.stop(),
  )
  void agent.superseded.then(() => lifecycle.end('another agent has this identity', 'failed'))
  await Promise.race([
    agent.announced,
    new Promise<void>((resolve) => lifecycle.stopping.addEventListener('abort', () => resolve())),
  ])
  // Its tasks are found and the log knows them: this is what a version on trial has to show.
  const trial = agentHome === undefined || lifecycle.stopping.aborted ? undefined : confirmTrial(agentHome)
  if (trial) logger.info('this version has proven healthy', { version: trial.to, from: trial.from })
  if (!lifecycle.stopping.aborted)
    process.stdout.write(
      `${JSON.stringify({ ready: true, service: 'node-agent', node, boot: agent.boot, pid: process.pid })}\n`,
    )
}

/** As it may stand in a log. */
const withoutPassword = (url: string): string => url.replace(/\/\/[^/]*@/, '//')

export const run = async (args: readonly string[]): Promise<void> => {
  if (args.includes('--help')) return void process.stdout.write(`${USAGE}\n`)
  const flags = readOrExplain(() => readFlags(args, process.env), USAGE)
  if (flags === undefined) return
  if (flags.sweep) return void (await killTasks(flags.dataDir, STOP_TASKS_GRACE_MS))
  // Whoever read them may be gone (EPIPE): that is no reason to end, and telling it in the same way would never end.
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => {})
  const logger = jsonLogger(flags.logLevel, (line) => process.stderr.write(line), { service: 'node-agent' })
  await runProcess({ logger, exitWithParent: flags.exitWithParent }, async (lifecycle) => {
    try {
      await start(flags, logger, lifecycle)
    } catch (error) {
      if (error instanceof DunlinError) logger.error(error.message, { code: error.code, hint: error.hint })
      throw error
    }
  })
}
