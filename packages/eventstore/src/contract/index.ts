/** One suite per port, run on every implementation; and the small domain that it counts with. */
export { describeCommandQueueContract } from './command-queue-contract.ts'
export type { BusHarness, CommandQueueHarness, KeyValueHarness, LogHarness, ObjectStoreHarness } from './harness.ts'
export { describeLogContract } from './log-contract.ts'
export type { FaultOptions } from './log-faults.ts'
export { describeBusContract, describeKeyValueContract, describeObjectStoreContract } from './ports-contract.ts'
