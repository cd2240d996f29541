/**
 * Lets simulated time pass second by second while every node beats each ten seconds. What the services do in it is
 * measured; what the bench does for it, making the bytes and reading the log, is not.
 */
import type { JobSubjectEvent } from '@dunlin/contracts'
import { createCpuMeter } from '../measure/cpu.ts'
import type { InMemory } from '../stage/in-memory.ts'
import type { Beat } from './node.ts'

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

export const passTime = async (world: InMemory, { until }: Passing): Promise<Passed> => {
  const { clock, fleet } = world
  const services = createCpuMeter()
  const parsing = createCpuMeter()
  let beatsInAll = 0
  let bytes = 0
  for (let second = 1; ; second += 1) {
    const beats: Beat[] = []
    for (let i = second % BEAT_EVERY_S; i < fleet.nodes.length; i += BEAT_EVERY_S)
      beats.push(fleet.beat(fleet.nodes[i] as (typeof fleet.nodes)[number], clock.monotonicMs(), clock.nowMs()))
    beatsInAll += beats.length
    for (const { data } of beats) bytes += data.length
    await services.measure(async () => {
      for (let slice = 0; slice < SLICES; slice += 1) {
        const share = beats.length / SLICES
        world.deliver(beats.slice(Math.round(slice * share), Math.round((slice + 1) * share)))
        await world.run(1000 / SLICES)
      }
    })
    await parsing.measure(() => {
      for (const { data } of beats) JSON.parse(decoder.decode(data))
    })
    const heard = world.heard()
    await services.measure(() => world.report(heard))
    if (
      until(
        heard.flatMap(({ events }) => events),
        second,
      )
    )
      return { seconds: second, beats: beatsInAll, cpuUs: services.us(), parseUs: parsing.us(), bytes }
  }
}

const decoder = new TextDecoder()
