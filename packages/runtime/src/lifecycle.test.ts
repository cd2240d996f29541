import { EventEmitter } from 'node:events'
import { describe, expect, it } from 'vitest'
import { runProcess, type Lifecycle, type ProcessPort } from './lifecycle.ts'
import { silentLogger } from './logger.ts'

const fakeProcess = (connected: boolean) => {
  const events = new EventEmitter()
  const stdin = Object.assign(new EventEmitter(), { resume: () => undefined })
  const exit = Promise.withResolvers<number>()
  const port: ProcessPort = {
    on: (event, listener) => events.on(event, listener),
    connected,
    stdin,
    exit: exit.resolve,
  }
  return { port, events, stdin, exited: exit.promise }
}

const twoParts =
  (steps: string[], fail?: string) =>
  async (life: Lifecycle): Promise<void> => {
    for (const name of ['first', 'second']) {
      await life.start(
        name,
        () => {
          if (fail === name) throw new Error(`${name} broke`)
          steps.push(`+${name}`)
        },
        () => void steps.push(`-${name}`),
      )
    }
    steps.push('running')
  }

const hangs = async (life: Lifecycle): Promise<void> => {
  await life.start(
    'hangs',
    () => undefined,
    () => new Promise<void>(() => {}),
  )
}

describe('runProcess', () => {
  it('starts in order, stops in reverse, and exits 0 after SIGTERM', async () => {
    const steps: string[] = []
    const { port, events, exited } = fakeProcess(false)
    const done = runProcess({ logger: silentLogger, process: port }, twoParts(steps))
    await expect.poll(() => steps.includes('running')).toBe(true)
    events.emit('SIGTERM')
    await done
    expect(await exited).toBe(0)
    expect(steps).toEqual(['+first', '+second', 'running', '-second', '-first'])
  })

  it('stops what had started when a later part fails, and exits 1', async () => {
    const steps: string[] = []
    const { port, exited } = fakeProcess(false)
    await runProcess({ logger: silentLogger, process: port }, twoParts(steps, 'second'))
    expect(await exited).toBe(1)
    expect(steps).toEqual(['+first', '-first'])
  })

  it.each([
    ['the IPC channel', true],
    ['standard input', false],
  ])('ends when %s of the parent closes', async (_name, connected) => {
    const { port, events, stdin, exited } = fakeProcess(connected)
    const done = runProcess({ logger: silentLogger, process: port, exitWithParent: true }, twoParts([]))
    if (connected) events.emit('disconnect')
    else stdin.emit('end')
    await done
    expect(await exited).toBe(0)
  })

  it('ends in order when its parent closes its standard input and sends a signal', async () => {
    const steps: string[] = []
    const { port, events, stdin, exited } = fakeProcess(false)
    const done = runProcess({ logger: silentLogger, process: port, exitWithParent: true }, twoParts(steps))
    stdin.emit('end')
    events.emit('SIGTERM')
    stdin.emit('close')
    await done
    expect(await exited).toBe(0)
    expect(steps).toEqual(['+first', '+second', 'running', '-second', '-first'])
  })

  it('exits at once on a second signal, and by itself when stopping takes too long', async () => {
    const impatient = fakeProcess(false)
    void runProcess({ logger: silentLogger, process: impatient.port }, hangs)
    impatient.events.emit('SIGINT')
    impatient.events.emit('SIGINT')
    expect(await impatient.exited).toBe(130)
    const slow = fakeProcess(false)
    void runProcess({ logger: silentLogger, process: slow.port, stopDeadlineMs: 5 }, hangs)
    slow.events.emit('SIGTERM')
    expect(await slow.exited).toBe(70)
  })

  it('ends as failed when an error reaches nobody', async () => {
    const { port, events, exited } = fakeProcess(false)
    const done = runProcess({ logger: silentLogger, process: port }, twoParts([]))
    events.emit('unhandledRejection', new Error('lost'))
    await done
    expect(await exited).toBe(1)
  })
})
