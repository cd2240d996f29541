/** The jobs of a run: one of each behaviour, on all nodes or on some, rolled out at once or in waves. */
import { TASK_SCRIPT, type Behaviour } from './task.ts'

export interface ChaosJob {
  readonly name: string
  readonly behaviour: Behaviour | 'pipeline'
  /** Label that a node needs; every node has `all`. */
  readonly on: 'all' | 'odd' | 'first'
  readonly rollout: Readonly<Record<string, unknown>>
  readonly restartPolicy: 'on-failure' | 'always' | 'never'
}

const immediate = { strategy: 'immediate' }
/** Killed tasks disturb many windows; only a job that cannot run at all shall fail. */
const waves = {
  strategy: 'rolling',
  max_parallel: 50,
  max_failed_nodes: 100,
  max_failed_nodes_percent: 100,
  analysis: false,
  health_check: { interval: '200ms', success_threshold: 1, failure_threshold: 100, deadline: '60s' },
}

export const chaosJobs: readonly ChaosJob[] = [
  { name: 'keeper', behaviour: 'keeps', on: 'all', rollout: immediate, restartPolicy: 'always' },
  { name: 'waves', behaviour: 'lingers', on: 'all', rollout: waves, restartPolicy: 'always' },
  { name: 'odd', behaviour: 'keeps', on: 'odd', rollout: waves, restartPolicy: 'always' },
  { name: 'crasher', behaviour: 'crashes', on: 'first', rollout: immediate, restartPolicy: 'on-failure' },
  { name: 'batch', behaviour: 'completes', on: 'odd', rollout: immediate, restartPolicy: 'on-failure' },
  { name: 'flow', behaviour: 'pipeline', on: 'first', rollout: immediate, restartPolicy: 'always' },
]

/** Labels of the nth node, counted from 1. */
export const labelsOf = (n: number): readonly string[] => [
  'on-all=yes',
  ...(n % 2 === 1 ? ['on-odd=yes'] : []),
  ...(n === 1 ? ['on-first=yes'] : []),
]

export const specOf = (job: ChaosJob, mark: string, ledger: string): Readonly<Record<string, unknown>> => ({
  name: job.name,
  type: job.behaviour === 'pipeline' ? 'pipeline' : 'process',
  config:
    job.behaviour === 'pipeline'
      ? {
          input: { file: { paths: [`${ledger}/*.lines`] } },
          pipeline: { processors: [{ mapping: `root = this\nroot.mark = "${mark}"\n` }] },
          output: { drop: {} },
        }
      : {
          command: '/bin/sh',
          args: ['-c', TASK_SCRIPT, 'chaos-task'],
          env: { MARK: mark, MODE: job.behaviour, LEDGER: ledger },
        },
  selector: { match_labels: { [`on-${job.on}`]: 'yes' } },
  restart_policy: job.restartPolicy,
  rollout: job.rollout,
})
