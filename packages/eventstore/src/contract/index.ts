/** One suite per port, run on every implementation; and the small domain that it counts with. */
export {
  added,
  addOnce,
  bytesOf,
  reportTally,
  routeTally,
  tally,
  tallyCommit,
  tallySubject,
  type Added,
  type Tally,
} from './tally.ts'
