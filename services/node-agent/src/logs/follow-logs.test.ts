import { MORE, readFrame, type Frame, type LogItem } from '@dunlin/contracts/agent'
import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { RunningAgent } from '../agent.ts'
import { killTasks } from '../drivers/kill-tasks.ts'
import { createCentre, type Centre } from '../testing/centre.ts'
import { documentOf, entryFor, makeDataDir, NODE, sh, startNode } from '../testing/node.ts'

let centre: Centre
let dataDir: string
let agent: RunningAgent
beforeEach(async () => {
  centre = createCentre()
  dataDir = makeDataDir()
  agent = await startNode(centre, { dataDir })
})
afterEach(async () => {
  await agent.stop()
  await killTasks(dataDir, 0)
  rmSync(dataDir, { recursive: true, force: true })
})

const until = (check: () => void): Promise<void> => vi.waitFor(check, { timeout: 20_000, interval: 10 })
const JOB = { namespace: 'default', name: 'web' }

const ask = (question: object) => {
  const stream = `stream-${Math.random().toString(36).slice(2)}`
  const frames: Frame[] = []
  const encode = (value: object): Uint8Array => new TextEncoder().encode(JSON.stringify(value))
  let items = 0
  const talk = centre.bus.requestMany(`rpc.${NODE}.logs`, encode({ stream, window: 8, job: JOB, ...question }), {
    onMessage: ({ data }) => {
      const frame = readFrame(data)
      if (frame === undefined) throw new Error('not a frame')
      frames.push(frame)
      if (frame.is === 'item') talk.say(`rpc.${NODE}.${MORE}`, encode({ stream, taken: (items += 1) }))
    },
    onNobody: () => {},
  })
  const all = (): { item: LogItem; text: string }[] =>
    frames.flatMap((frame) =>
      frame.is === 'item' ? [{ item: frame.value as LogItem, text: Buffer.from(frame.bytes).toString() }] : [],
    )
  return {
    frames,
    text: () =>
      all()
        .map(({ text }) => text)
        .join(''),
    ended: () => all().flatMap(({ item }) => (item.is === 'ended' ? [item] : [])),
    over: () => frames.at(-1)?.is === 'end',
  }
}
const BOTH = { streams: ['stdout', 'stderr'] }

describe('logs of a job on its node', { timeout: 60_000 }, () => {
  it('are the last lines first, then what comes, then how it ended', async () => {
    const go = join(dataDir, 'go')
    const script = `for i in 1 2 3 4; do echo line $i; done; while [ ! -e ${go} ]; do sleep 0.02; done; printf last; exit 3`
    const entry = entryFor(centre, 1, sh(script, { restartPolicy: 'never' }))
    centre.write(documentOf(1, entry), NODE)
    await until(() => expect(centre.states(entry.execution)).toContain('running'))
    const asked = ask({ ...BOTH, tail: 2, follow: true })
    await until(() => expect(asked.text()).toContain('line 4\n'))
    writeFileSync(go, '')
    await until(() => expect(asked.over()).toBe(true))
    expect(asked.text()).toMatch(/^(line 1\nline 2\n)?line 3\nline 4\nlast$/)
    expect(asked.ended()).toMatchObject([{ x: entry.execution, state: 'failed', code: 3 }])
    // Nothing runs any more: asked again, it is all there at once.
    const again = ask({ ...BOTH, follow: false })
    await until(() => expect(again.over()).toBe(true))
    expect(again.text()).toBe('line 1\nline 2\nline 3\nline 4\nlast')
  })

  it('are the last lines and no more when nobody follows, of a task that writes without an end', async () => {
    const entry = entryFor(centre, 1, sh('i=0; while :; do i=$((i+1)); echo line $i; done'))
    centre.write(documentOf(1, entry), NODE)
    await until(() => expect(centre.states(entry.execution)).toContain('running'))
    // It may not have begun to write when it is asked for the first time.
    for (let told = 0; told < 5;) {
      const asked = ask({ streams: ['stdout'], tail: 2, follow: false })
      await until(() => expect(asked.over()).toBe(true))
      expect(asked.text()).toMatch(/^(line \d+\n){0,2}$/)
      if (asked.text() !== '') told += 1
    }
  })

  it('go on with the execution that takes the place of another, and end when the job has nothing more', async () => {
    const old = entryFor(centre, 1, sh('echo old; sleep 1000'))
    centre.write(documentOf(1, old), NODE)
    await until(() => expect(centre.states(old.execution)).toContain('running'))
    const asked = ask({ ...BOTH, follow: true })
    await until(() => expect(asked.text()).toBe('old\n'))
    const next = entryFor(centre, 2, sh('echo new; sleep 1000'))
    centre.write(documentOf(2, next), NODE)
    await until(() => expect(asked.text()).toContain('new\n'))
    expect(asked.ended()).toMatchObject([{ x: old.execution, state: 'stopped' }])
    expect(asked.over()).toBe(false)
    centre.write(documentOf(3), NODE)
    await until(() => expect(asked.over()).toBe(true))
    expect(asked.ended().map(({ x }) => x)).toEqual([old.execution, next.execution])
  })

  it('say that an execution is not there, and nothing of a job that never ran', async () => {
    const gone = ask({ ...BOTH, follow: true, execution: '01M7Z3YDZ15VB8MXBCB2N2HRH0' })
    const never = ask({ ...BOTH, follow: true })
    await until(() => expect([gone.over(), never.over()]).toEqual([true, true]))
    expect(gone.frames.at(-1)).toMatchObject({ problem: { code: 'execution_not_found' } })
    expect(never.frames).toMatchObject([{ is: 'end', value: { executions: 0 } }])
  })
})
