/** Every bench, in the order of running: short ones first. */
import type { Bench } from './bench.ts'
import { appendFloor } from './figures/append-floor.ts'
import { append } from './figures/append.ts'
import { replay } from './figures/replay.ts'

export const benches: readonly Bench[] = [append, appendFloor, replay]
