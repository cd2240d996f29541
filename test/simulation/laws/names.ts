/**
 * The laws by name. Letters and numbers follow the catalogue of invariants that the design names (S safety, A accounting, B
 * rollback, P superseding, L liveness, E event sourcing, M metamorphic); those without one there have a word of their own.
 */
export const laws = {
  S1: 'Nodes at risk, over all rollouts of the job, never exceed the budget by a new grant',
  S3: 'Nothing is granted before the plan, while a hold stands, after a FAIL or in an ended rollout',
  S4: 'No node of a wave is granted before the wave before it has passed',
  S5: 'A node runs at most one execution of a job, none without a grant, and generations of grants rise',
  S6: 'Inside the first wave the number of grants follows the ramp',
  S7: 'Only nodes where the job is placed are granted, and only eligible nodes are placed',
  S8: 'A halt is final: only a person resumes, and what is granted after a halt is another rollout',
  S9: 'A verdict follows from the windows that it names, and healthy needs windows',
  S10: 'Evaluation and halting go on under every hold',
  S12: 'Nobody is granted who the log says is not connected',
  A1: 'Every node of a rollout is in exactly one slot, the one that a naive recount finds',
  A3: 'The waves hold every target once, and none is empty',
  A4: 'Numbers of the fold are those of a naive recount of the log',
  A5: 'A halt carries the numbers that a naive recount of the verdicts gives, and they justify it',
  B1: 'After a rollback every reachable node that was granted is on the content rolled back to',
  B2: 'A rollback under way grants nobody that was never granted',
  B4: 'A rollout is rolled back at most once by itself, a rollback never, and only to proven content',
  B5: 'A rollback waits for nobody: it tries nothing out and asks no person',
  P1: 'When a rollout opens, every former one has ended, and its version is higher',
  P2: 'An ended rollout grants nobody',
  P3: 'At rest at most two contents remain, and one when the rollout completed everywhere',
  N1: 'Nothing is newly placed on a node that is cordoned or drained',
  N2: 'Nothing runs on a drained node after its deadline and the time to stop',
  T1: 'A job runs into its queue or total timeout when it is due, and once',
  L1: 'At rest every rollout has ended, or waits for a person',
  L2: 'At rest no grant on a reachable node is open',
  L3: 'At rest no plan is unfinished and no wait is left without an end',
  L4: 'Healthy content on healthy nodes completes',
  L5: 'The world comes to rest',
  L6: 'At rest every placed node that is reachable has its grant, when the rollout completed',
  E1: 'Every commit of a job or a node is admitted by every fold',
  E3: 'The same state has the same next step, whether it was folded, or loaded and folded on',
  E5: 'Snapshot and tail give the state of the whole log',
  Once: 'A command takes effect once',
  Kept: 'No acknowledged command is lost, unless the log itself lost it',
  Documents: 'At rest a document names exactly the grants of its node, and the node runs nothing else',
  State: 'In a quiet world the recorded state of a job is the derived one',
} as const
export type Law = keyof typeof laws

export interface Broken {
  readonly law: Law
  readonly detail: string
}
