/** Every bench, in the order of running. */
import type { Bench } from './bench.ts'
import { appendFloor } from './figures/append-floor.ts'
import { agentIdle } from './figures/agent-idle.ts'
import { append } from './figures/append.ts'
import { apply } from './figures/apply.ts'
import { chaos } from './figures/chaos.ts'
import { decision } from './figures/decision.ts'
import { growth } from './figures/growth.ts'
import { heartbeatsJudged } from './figures/heartbeats-judged.ts'
import { heartbeats } from './figures/heartbeats.ts'
import { logFollow } from './figures/log-follow.ts'
import { nomad } from './figures/nomad.ts'
import { offlineReads } from './figures/offline-reads.ts'
import { plan } from './figures/plan.ts'
import { reconnect } from './figures/reconnect.ts'
import { replay } from './figures/replay.ts'
import { restart } from './figures/restart.ts'
import { rssServices } from './figures/rss-services.ts'
import { startLatency } from './figures/start-latency.ts'

export const benches: readonly Bench[] = [
  append,
  appendFloor,
  replay,
  restart,
  nomad,
  apply,
  agentIdle,
  startLatency,
  chaos,
  logFollow,
  rssServices,
  heartbeats,
  heartbeatsJudged,
  growth,
  offlineReads,
  reconnect,
  decision,
  plan,
]
