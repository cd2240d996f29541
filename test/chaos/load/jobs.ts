/** The jobs of a run: one of each behaviour, on all nodes or on some, rolled out at once or in waves. */
import { join } from 'node:path'
import { TASK_SCRIPT, type Behaviour } from './task.ts'

export type UpdateTarget = 'agent' | 'payload'

export interface ChaosJob {
  readonly name: string
  readonly behaviour: Behaviour | 'pipeline' | 'config' | UpdateTarget
  /** Label that a node needs; every node has `all`. */
  readonly on: 'all' | 'odd' | 'first'
  readonly rollout: Readonly<Record<string, unknown>>
  readonly restartPolicy: 'on-failure' | 'always' | 'never'
  /** More of the spec, and of its config. */
  readonly more?: Readonly<Record<string, unknown>>
  readonly config?: Readonly<Record<string, unknown>>
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
  {
    name: 'stubborn',
    behaviour: 'resists',
    on: 'odd',
    rollout: immediate,
    restartPolicy: 'always',
    config: { stop_grace: '200ms' },
  },
  {
    name: 'probed',
    behaviour: 'keeps',
    on: 'first',
    rollout: waves,
    restartPolicy: 'always',
    more: {
      health: {
        startup: { exec: { command: ['/bin/true'] }, interval: '100ms' },
        liveness: { exec: { command: ['/bin/true'] }, interval: '500ms' },
      },
      resources: { memory: '64MiB', pids: 50 },
    },
  },
  { name: 'conf', behaviour: 'config', on: 'first', rollout: immediate, restartPolicy: 'always' },
  { name: 'flow', behaviour: 'pipeline', on: 'first', rollout: immediate, restartPolicy: 'always' },
  { name: 'agent', behaviour: 'agent', on: 'odd', rollout: immediate, restartPolicy: 'on-failure' },
  { name: 'payload', behaviour: 'payload', on: 'odd', rollout: immediate, restartPolicy: 'on-failure' },
]

export const isUpdate = ({ behaviour }: ChaosJob): boolean => behaviour === 'agent' || behaviour === 'payload'

/** Labels of the nth node, counted from 1. */
export const labelsOf = (n: number): readonly string[] => [
  'on-all=yes',
  ...(n % 2 === 1 ? ['on-odd=yes'] : []),
  ...(n === 1 ? ['on-first=yes'] : []),
]

/** A file that the config job keeps, below the only root where nodes let config jobs write. */
export const CONFIG_ROOT = 'config'
export const managedFile = (ledger: string): string => join(ledger, CONFIG_ROOT, 'managed')

const typeOf = (job: ChaosJob): string => {
  if (isUpdate(job)) return 'update'
  return job.behaviour === 'pipeline' || job.behaviour === 'config' ? job.behaviour : 'process'
}

type Config = Readonly<Record<string, unknown>>
export type ConfigOfUpdate = (target: UpdateTarget, mark: string) => Config

const configOf = (job: ChaosJob, mark: string, ledger: string, update: ConfigOfUpdate): Config => {
  switch (job.behaviour) {
    case 'agent':
    case 'payload':
      return update(job.behaviour, mark)
    case 'pipeline':
      return {
        input: { file: { paths: [`${ledger}/*.lines`] } },
        pipeline: { processors: [{ mapping: `root = this\nroot.mark = "${mark}"\n` }] },
        output: { drop: {} },
      }
    case 'config':
      return { files: [{ path: managedFile(ledger), content: `${mark}\n` }], check_every: '200ms' }
    default:
      return {
        command: '/bin/sh',
        args: ['-c', TASK_SCRIPT, 'chaos-task'],
        env: { MARK: mark, MODE: job.behaviour, LEDGER: ledger },
        ...job.config,
      }
  }
}

export const specOf = (job: ChaosJob, mark: string, ledger: string, update: ConfigOfUpdate): Config => ({
  name: job.name,
  type: typeOf(job),
  config: configOf(job, mark, ledger, update),
  selector: { match_labels: { [`on-${job.on}`]: 'yes' } },
  restart_policy: job.restartPolicy,
  rollout: job.rollout,
  ...job.more,
})

/** Whether the tasks of a job write down what happens to them. */
export const hasWitness = (name: string): boolean =>
  chaosJobs.some((job) => job.name === name && typeOf(job) === 'process')

/** Whether its tasks run on until somebody ends them. */
export const keepsRunning = (name: string): boolean =>
  chaosJobs.some((job) => job.name === name && ['keeps', 'lingers', 'resists'].includes(job.behaviour))
