/** Nodes as the API shows them, and what a command to one is answered with. */
import * as z from 'zod'
import { count, instant } from './rollout-views.ts'

export const connectionStates = ['never', 'connected', 'disconnected', 'lost'] as const

const drainStepView = z.object({
  namespace: z.string(),
  job: z.string(),
  priority: z.int(),
  class: z.enum(['daemon', 'batch']),
  turn: z.enum(['stopping', 'waiting', 'finishing']).meta({
    description:
      'stopping: now; waiting: when those before it have stopped; finishing: a batch job, until the deadline',
  }),
})

const drainView = z
  .object({
    since: instant,
    deadline_at: instant.optional().meta({ description: 'Then everything that is left is stopped; absent = at once' }),
    reason: z.string().optional(),
    done: z.boolean().meta({ description: 'Nothing runs there any more' }),
    left: z.array(drainStepView).meta({ description: 'What still runs, in the order in which it is stopped' }),
  })
  .meta({ id: 'Drain' })

export const nodeView = z
  .object({
    id: z.string(),
    admission: z.enum(['unknown', 'pending', 'admitted', 'removed']),
    connection: z.enum(connectionStates),
    since: instant.optional(),
    last_heard_at: instant.optional(),
    clock_offset_ms: z.int().optional().meta({
      description: "The node's clock less the centre's, median of its last heartbeats; absent = not known now",
    }),
    scheduling: z.enum(['open', 'cordoned', 'draining']).meta({ description: 'Whether jobs may be placed there' }),
    cordoned_since: instant.optional(),
    drained: z.boolean().meta({ description: 'It is being drained, and nothing runs there any more' }),
    drain: drainView.optional(),
    labels: z.record(z.string(), z.string()),
    agent_version: z.string().optional(),
    drivers: z.array(z.string()),
    capabilities: z.array(z.string()).optional().meta({ description: 'Absent: the agent does not say' }),
    resources: z.object({ cpus: z.number(), memory_bytes: z.int(), disk_bytes: z.int().optional() }).optional(),
    executions: count.meta({ description: 'Those that are not over, as far as is known' }),
    warnings: z.array(z.object({ code: z.string(), message: z.string() })).optional(),
  })
  .meta({ id: 'Node' })

export const nodeAcceptedView = z
  .object({
    ok: z.literal(true),
    command_id: z.string(),
    seq: z.int().meta({ description: 'Log sequence from which on this command can be read back' }),
    node: z.string(),
    unchanged: z.boolean(),
  })
  .meta({ id: 'NodeAccepted' })

export type NodeView = z.output<typeof nodeView>
export type NodeAcceptedView = z.output<typeof nodeAcceptedView>
