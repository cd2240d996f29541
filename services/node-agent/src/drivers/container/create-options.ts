/** What the engine is asked to create for an attempt. A pure translation: what is allowed has been checked before. */
import { bytesOf, type ContainerConfig, type Limits } from '@dunlin/contracts/agent'
import type { ContainerCreateOptions } from 'dockerode'
import type { Task } from '../driver.ts'
import { containerName, labelsOf, type Owner } from './labels.ts'

export interface CreateFacts {
  readonly config: ContainerConfig
  readonly limits: Limits
  readonly owner: Owner
  /** Values of the job's secrets by name. */
  readonly secrets: Readonly<Record<string, string>>
  readonly engine: 'docker' | 'podman'
}

/** Of what the engine itself keeps of a container's output, until the agent has read it. */
const ENGINE_LOG = '64m'

export const createOptions = (task: Task, facts: CreateFacts): ContainerCreateOptions => {
  const { config, limits, owner, secrets, engine } = facts
  const { command, args, working_dir: workingDir, user, read_only: readOnly, init } = config
  const network = config.network ?? 'bridge'
  const ports = (config.ports ?? []).map((one) => ({ ...one, key: `${one.container}/${one.protocol ?? 'tcp'}` }))
  return {
    name: containerName(task),
    Image: config.image,
    ...(command === undefined ? {} : { Entrypoint: typeof command === 'string' ? [command] : command }),
    ...(args === undefined ? {} : { Cmd: args }),
    Env: environmentOf(task, config, secrets),
    ...(workingDir === undefined ? {} : { WorkingDir: workingDir }),
    ...(user === undefined ? {} : { User: user }),
    StopSignal: config.stop_signal ?? 'SIGTERM',
    Labels: labelsOf(task, owner),
    ...(ports.length === 0 ? {} : { ExposedPorts: Object.fromEntries(ports.map(({ key }) => [key, {}])) }),
    HostConfig: {
      NetworkMode: network,
      // The agent restarts by the job's policy; two who restart would fight.
      RestartPolicy: { Name: 'no' },
      Binds: bindsOf(task, config),
      ...(ports.length === 0 ? {} : { PortBindings: bindingsOf(ports) }),
      ...(config.tmpfs === undefined ? {} : { Tmpfs: tmpfsOf(config.tmpfs) }),
      ...(readOnly === undefined ? {} : { ReadonlyRootfs: readOnly }),
      ...(config.cap_drop === undefined ? {} : { CapDrop: config.cap_drop }),
      ...(init === undefined ? {} : { Init: init }),
      SecurityOpt: ['no-new-privileges'],
      ...limitsOf(limits),
      LogConfig:
        engine === 'podman'
          ? { Type: 'k8s-file', Config: { 'max-size': ENGINE_LOG } }
          : { Type: 'json-file', Config: { 'max-size': ENGINE_LOG, 'max-file': '2' } },
    },
  }
}

const environmentOf = (task: Task, { env, registry }: ContainerConfig, secrets: CreateFacts['secrets']): string[] => {
  // What only opens the registry is nothing that the program needs to know.
  const forRegistry = new Set([registry?.username_secret, registry?.password_secret])
  const given = Object.entries(secrets).filter(([name]) => !forRegistry.has(name))
  return Object.entries({
    DUNLIN_NAMESPACE: task.job.namespace,
    DUNLIN_JOB: task.job.name,
    DUNLIN_EXECUTION: task.execution,
    DUNLIN_ATTEMPT: String(task.attempt),
    ...Object.fromEntries(given),
    ...env,
  }).map(([name, value]) => `${name}=${value}`)
}

const bindsOf = (task: Task, { volumes = [], state_dir: stateDir }: ContainerConfig): string[] => [
  ...volumes.map(({ source, target, read_only: readOnly }) => `${source}:${target}${readOnly === true ? ':ro' : ''}`),
  ...(stateDir === undefined ? [] : [`${task.stateDir}:${stateDir}`]),
]

interface Port {
  readonly key: string
  readonly container: number
  readonly host?: number | undefined
  readonly address?: string | undefined
}

const bindingsOf = (ports: readonly Port[]): Record<string, { HostPort: string; HostIp?: string }[]> => {
  const bindings: Record<string, { HostPort: string; HostIp?: string }[]> = {}
  for (const { key, container, host, address } of ports)
    (bindings[key] ??= []).push({
      HostPort: String(host ?? container),
      ...(address === undefined ? {} : { HostIp: address }),
    })
  return bindings
}

const tmpfsOf = (mounts: NonNullable<ContainerConfig['tmpfs']>): Record<string, string> =>
  Object.fromEntries(mounts.map(({ target, size }) => [target, size === undefined ? 'rw' : `rw,size=${bytesOf(size)}`]))

const limitsOf = ({ cpus, memory, pids }: Limits) => ({
  // Swap counts as memory: a limit that can be swapped around is none.
  ...(memory === undefined ? {} : { Memory: memory, MemorySwap: memory }),
  ...(cpus === undefined ? {} : { NanoCpus: Math.round(cpus * 1e9) }),
  ...(pids === undefined ? {} : { PidsLimit: pids }),
})
