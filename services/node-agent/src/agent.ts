/** The agent as one function of its ports: it makes this node what its desired document says. */
import { type BootId, type DunlinError, type NodeId } from '@dunlin/contracts/agent'
import type { Subscription } from '@dunlin/eventstore/agent'
import { createContents } from './converge/contents.ts'
import { createDocuments } from './converge/documents.ts'
import { startRunner } from './converge/runner.ts'
import { createTeller } from './converge/telling.ts'
import { steadyJournal } from './journal/steady-journal.ts'
import { startHeart, type Heart } from './heartbeat/heart.ts'
import { startNodeMetrics } from './metrics/node-metrics.ts'
import { defaultTimings, type AgentOptions } from './options.ts'
import type { AgentPorts } from './ports.ts'
import { fitAnnouncement } from './report/announcement.ts'
import { createProblems } from './report/problems.ts'
import { startReporter } from './report/reporter.ts'
import { watchSecondAgent } from './report/second-agent.ts'
import { ensureAlone } from './rpc/alone.ts'
import { answerRpc } from './rpc/answer.ts'

/** Lowest and highest protocol that this agent speaks. */
const PROTOCOL: [number, number] = [1, 1]

export interface RunningAgent {
  readonly node: NodeId
  readonly boot: BootId
  /** Resolves when this boot stands in the log; rejects with `second_agent`. Without a network it stays open. */
  readonly announced: Promise<void>
  /** Resolves when the agent must end because another one has its identity. What runs is left alone. */
  readonly superseded: Promise<DunlinError>
  /** Ends the agent; what it started runs on. */
  stop(): Promise<void>
}

/** Throws `second_agent` when an agent with this identity answers. */
export const startAgent = async (ports: AgentPorts, options: AgentOptions): Promise<RunningAgent> => {
  const { bus, clock, random, drivers } = ports
  const { node, dataDir } = options
  const timings = { ...defaultTimings, ...options.timings }
  const boot = random.ulid(clock.nowMs()) as BootId
  const logger = ports.logger.child({ node, boot })
  const problems = createProblems(clock, logger, () => {
    reporter.announceAgain()
    heart?.quicken()
  })
  const secondAgent = watchSecondAgent(clock, problems)
  const journal = steadyJournal(ports.journal, clock, {
    onProblem: (problem) => {
      if (problem) return problems.raise('journal', problem)
      problems.clear('journal')
      changed()
    },
    onRecorded: (execution, j) => {
      runner.onRecorded(execution, j)
      reporter.kick()
    },
  })
  const own: AgentPorts = { ...ports, logger, journal }
  await ensureAlone(own, node, boot, timings.askMs)

  /** The other agent hears of us by our question, so that both are told. */
  const tellOther = async (): Promise<void> => {
    try {
      await ensureAlone(own, node, boot, timings.askMs)
    } catch {
      // It is there, as we know.
    }
  }

  const abort = new AbortController()
  const byType = new Map(drivers.map((driver) => [driver.type, driver]))
  const superseded = Promise.withResolvers<DunlinError>()
  const live: Subscription[] = []
  let heart: Heart | undefined
  /** Of the document held; -1 before the first. */
  let epoch = -1

  const changed = (): void => {
    const [raised] = documents.generation()
    // A raise of the epoch says that the log went backwards; what it has lost of us only we can tell again.
    if (raised > epoch && epoch >= 0) reporter.announceAgain()
    epoch = raised
    runner.kick()
    heart?.quicken()
  }
  const documents = createDocuments(own, node, timings, abort.signal, problems, () => changed())
  const contents = createContents(own, byType, timings, abort.signal, problems, () => changed())
  const teller = createTeller(own, () => {
    reporter.kick()
    heart?.quicken()
  })
  // The reporter waits for its first kick or its first question, both later than the runner exists.
  const reporter = startReporter(own, { node, boot }, timings, {
    announcement: () => ({
      protocol: PROTOCOL,
      agentVersion: options.agentVersion,
      labels: { ...options.labels },
      drivers: [...byType.keys()],
      ...(options.capabilities ? { capabilities: [...options.capabilities] } : {}),
      resources: options.resources,
      ...(problems.all().length > 0 ? { problems: [...problems.all()] } : {}),
      executions: fitAnnouncement([...runner.executions.values()].map(({ latest }) => latest)),
    }),
    ensureAlone: () => ensureAlone(own, node, boot, timings.askMs),
    onAcknowledged: (j) => runner.onAcknowledged(j),
    onSuperseded: (error) => {
      logger.error('another agent has this identity; this one publishes nothing more', { reason: error.message })
      heart?.stop(false)
      superseded.resolve(error)
      void tellOther()
    },
  })
  const runner = startRunner({
    ports: own,
    drivers: byType,
    documents,
    contents,
    teller,
    timings,
    dataDir,
    signal: abort.signal,
  })
  const metrics = ports.host && startNodeMetrics(clock, ports.host, runner)
  if (metrics) live.push(metrics)
  live.push(
    answerRpc(own, {
      node,
      boot,
      agentVersion: options.agentVersion,
      runner,
      documents,
      problems,
      isAnnounced: () => reporter.isAnnounced(),
      onSecondAgent: (second) => secondAgent.seen(second),
      dataDir,
      clock,
      logger,
      exec: options.exec,
      metrics,
    }),
  )
  live.push(
    bus.onLive((isLive) => {
      if (!isLive) return logger.warn('the connection to the server is lost; what runs here runs on')
      logger.info('the server is connected')
      void documents.reread()
      contents.hurry()
      reporter.lookAgain()
    }),
  )
  void documents.reread()
  void reporter.announced.then(
    () =>
      (heart = startHeart(
        own,
        runner,
        {
          node,
          boot,
          generation: () => documents.generation(),
          lastSeq: () => reporter.lastSeq(),
          problems: () => problems.all().map(({ code }) => code),
        },
        timings,
      )),
    () => undefined,
  )

  return {
    node,
    boot,
    announced: reporter.announced,
    superseded: superseded.promise,
    stop: async () => {
      runner.stop()
      abort.abort()
      await reporter.stop(2_000)
      heart?.stop(true)
      for (const subscription of live) subscription.stop()
      documents.stop()
      secondAgent.stop()
      problems.stop()
      await Promise.race([
        bus.flush().catch(() => {}),
        new Promise((resolve) => clock.after(1_000, () => resolve(undefined))),
      ])
      journal.close()
    },
  }
}
