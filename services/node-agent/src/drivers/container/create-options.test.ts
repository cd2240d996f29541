import { containerConfigSchema, type ExecutionId } from '@dunlin/contracts/agent'
import { describe, expect, it } from 'vitest'
import type { Task } from '../driver.ts'
import { createOptions } from './create-options.ts'

const task: Task = {
  execution: '01JJJJJJJJJJJJJJJJJJJJJJJX' as ExecutionId,
  job: { namespace: 'shop', name: 'web' },
  attempt: 3,
  content: { type: 'container', config: {}, restartPolicy: 'always', executionTimeoutMs: 0 },
  dir: '/data/tasks/x',
  stateDir: '/data/state/j',
}

const optionsOf = (config: object, more: Partial<Parameters<typeof createOptions>[1]> = {}) =>
  createOptions(task, {
    config: containerConfigSchema.parse({ image: 'a/b:1', ...config }),
    limits: {},
    owner: { node: 'edge-1', data: 'd' },
    secrets: {},
    engine: 'docker',
    ...more,
  })

describe('what an engine is asked to create', () => {
  it('is the image with the names by which it is found again, and nothing that restarts by itself', () => {
    const options = optionsOf({})
    expect(options).toMatchObject({
      name: 'dunlin-01jjjjjjjjjjjjjjjjjjjjjjjx-3',
      Image: 'a/b:1',
      StopSignal: 'SIGTERM',
      Labels: {
        'dunlin.node': 'edge-1',
        'dunlin.data': 'd',
        'dunlin.execution': task.execution,
        'dunlin.attempt': '3',
        'dunlin.job': 'web',
      },
      HostConfig: { NetworkMode: 'bridge', RestartPolicy: { Name: 'no' }, SecurityOpt: ['no-new-privileges'] },
    })
    expect(options).not.toHaveProperty('Cmd')
    expect(options).not.toHaveProperty('Entrypoint')
    expect(options.HostConfig).not.toHaveProperty('Memory')
  })

  it("takes a command in place of the entrypoint and arguments in place of the image's", () => {
    expect(optionsOf({ command: '/run', args: ['-v'] })).toMatchObject({ Entrypoint: ['/run'], Cmd: ['-v'] })
    expect(optionsOf({ command: ['sh', '-c'] }).Entrypoint).toEqual(['sh', '-c'])
  })

  it('hands secrets over as variables, but not those of the registry', () => {
    const registry = { username_secret: 'USER', password_secret: 'PASS' }
    const { Env } = optionsOf(
      { registry, env: { A: '1', KEY: 'own' } },
      { secrets: { USER: 'u', PASS: 'p', KEY: 'k', T: 't' } },
    )
    expect(Env).toEqual(expect.arrayContaining(['A=1', 'T=t', 'KEY=own', 'DUNLIN_JOB=web', 'DUNLIN_ATTEMPT=3']))
    expect(Env?.join(' ')).not.toMatch(/USER|PASS/)
  })

  it('limits memory with swap, processors and processes', () => {
    const { HostConfig } = optionsOf({}, { limits: { memory: 1000, cpus: 0.5, pids: 7 } })
    expect(HostConfig).toMatchObject({ Memory: 1000, MemorySwap: 1000, NanoCpus: 500_000_000, PidsLimit: 7 })
  })

  it('mounts volumes, the folder of the job, and memory', () => {
    const { HostConfig } = optionsOf({
      volumes: [
        { source: '/srv/a', target: '/a', read_only: true },
        { source: '/srv/b', target: '/b' },
      ],
      state_dir: '/state',
      tmpfs: [{ target: '/t', size: '1MiB' }, { target: '/u' }],
    })
    expect(HostConfig?.Binds).toEqual(['/srv/a:/a:ro', '/srv/b:/b', '/data/state/j:/state'])
    expect(HostConfig?.Tmpfs).toEqual({ '/t': 'rw,size=1048576', '/u': 'rw' })
  })

  it('opens ports, one of them twice', () => {
    const options = optionsOf({
      ports: [
        { container: 80 },
        { container: 80, host: 8080, address: '127.0.0.1' },
        { container: 53, protocol: 'udp' },
      ],
    })
    expect(options.ExposedPorts).toEqual({ '80/tcp': {}, '53/udp': {} })
    expect(options.HostConfig?.PortBindings).toEqual({
      '80/tcp': [{ HostPort: '80' }, { HostPort: '8080', HostIp: '127.0.0.1' }],
      '53/udp': [{ HostPort: '53' }],
    })
  })

  it('bounds what each kind of engine keeps of the output', () => {
    expect(optionsOf({}).HostConfig?.LogConfig?.Type).toBe('json-file')
    expect(optionsOf({}, { engine: 'podman' }).HostConfig?.LogConfig?.Type).toBe('k8s-file')
  })
})
