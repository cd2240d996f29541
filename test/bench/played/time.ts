/**
 * Lets simulated time pass second by second while every node beats each ten seconds. What the services do in it is
 * measured; what the bench does for it, making the bytes and reading the log, is not.
 */
import type { JobSubjectEvent } from '@dunlin/contracts'
import { createCpuMeter } from '../measure/cpu.ts'
import type { InMemory } from '../stage/in-memory.ts'
import { createBeats } from './beats.ts'
import type { PlayedNode } from './node.ts'

const BEAT_EVERY_S = 10
/** Heartbeats come in over the whole second, not at once: decisions are made on few of them at a time. */
const SLICES = 50

export interface Passed {
  readonly seconds: number
  readonly beats: number
  /** CPU time of the services. */
  readonly cpuUs: number
  /** CPU time of `JSON.parse` over the same heartbeats. */
  readonly parseUs: number
  /** Bytes of all heartbeats. */
  readonly bytes: number
}

export interface Passing {
  /** Asked after each second, with the events of jobs that it brought. */
  readonly until: (events: readonly JobSubjectEvent[], seconds: number) => boolean
}

const decoder = new TextDecoder()

export const passTime = async (world: InMemory, { until }: Passing): Promise<Passed> => {
  const { clock, fleet } = world
  const { nodes } = fleet
  const services = createCpuMeter()
  const parsing = createCpuMeter()
  const beats = createBeats(Math.ceil(nodes.length / BEAT_EVERY_S))
  let count = 0
  let bytes = 0
  for (let second = 1; ; second += 1) {
    beats.clear()
    for (let i = second % BEAT_EVERY_S; i < nodes.length; i += BEAT_EVERY_S) {
      const node = nodes[i] as PlayedNode
      beats.add(node, fleet.beat(node, clock.monotonicMs(), clock.nowMs()))
    }
    count += beats.count
    bytes += beats.bytes
    await services.measure(async () => {
      const share = beats.count / SLICES
      for (let slice = 0; slice < SLICES; slice += 1) {
        world.deliver(beats, Math.round(slice * share), Math.round((slice + 1) * share))
        await world.run(1000 / SLICES)
      }
    })
    await parsing.measure(() => {
      for (let i = 0; i < beats.count; i += 1) JSON.parse(decoder.decode(beats.data(i)))
    })
    const heard = world.heard()
    await services.measure(() => world.report(heard))
    if (
      until(
        heard.flatMap(({ events }) => events),
        second,
      )
    )
      return { seconds: second, beats: count, cpuUs: services.us(), parseUs: parsing.us(), bytes }
  }
}
