/** The fate of every message of the bus, from a stream of chance of its own. */
import type { Random } from '@dunlin/runtime'
import type { Weather } from '../scenario/types.ts'

const IN_TIME: readonly number[] = [0]
const LOST: readonly number[] = []

export const fateOf =
  ({ lost, repeated, late, lateByMs }: Weather, random: Random) =>
  (): readonly number[] => {
    const float = (): number => random.float()
    const chance = float()
    if (chance < lost) return LOST
    const first = chance < lost + late ? float() * lateByMs : 0
    if (float() < repeated) return [first, float() * lateByMs]
    return first === 0 ? IN_TIME : [first]
  }
