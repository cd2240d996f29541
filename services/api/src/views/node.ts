/** Nodes as the API shows them: what the centre decided, joined with what the node announced and with what was heard just now. */
import { parseJobKeyText, type NodeView } from '@dunlin/contracts'
import {
  labelsOf,
  refusedLabels,
  type DrainPlan,
  type DrainStep,
  type NodeReports,
  type NodeState,
} from '@dunlin/domain'
import type { Heard } from '../state/heard.ts'
import { instant } from './instant.ts'

export interface NodeShown {
  readonly id: string
  readonly node: NodeState | undefined
  readonly reports: NodeReports | undefined
  readonly executions: number
  /** While it is being drained. */
  readonly drain: DrainPlan | undefined
  /** Absent when no scheduler has heard it, or none answers. */
  readonly heard: Heard[string] | undefined
}

/** Beyond this, times of the node and of the centre cannot be compared by eye. */
const CLOCK_OFFSET_WARNED_MS = 30_000

export const nodeView = ({ id, node, reports, executions, drain, heard }: NodeShown): NodeView => {
  const connection = node?.connection ?? { is: 'never' as const }
  const announced = reports?.announced
  const lastHeardAt = heard?.at ?? ('lastHeardAt' in connection ? connection.lastHeardAt : undefined)
  const scheduling = node?.scheduling ?? { is: 'open' as const }
  const warnings = nodeWarnings(node, reports, heard)
  return {
    id,
    admission: node?.admission ?? 'unknown',
    connection: connection.is,
    ...('since' in connection ? { since: instant(connection.since) } : {}),
    ...(lastHeardAt === undefined ? {} : { last_heard_at: instant(lastHeardAt) }),
    ...(heard === undefined ? {} : { clock_offset_ms: heard.offset }),
    scheduling: scheduling.is,
    ...(scheduling.is === 'cordoned' ? { cordoned_since: instant(scheduling.since) } : {}),
    drained: drain?.isDone === true,
    ...(scheduling.is !== 'draining' || drain === undefined
      ? {}
      : {
          drain: {
            since: instant(scheduling.since),
            ...(drain.deadlineAt === undefined ? {} : { deadline_at: instant(drain.deadlineAt) }),
            ...(scheduling.reason === undefined ? {} : { reason: scheduling.reason }),
            done: drain.isDone,
            left: drain.steps.map(stepView),
          },
        }),
    labels: labelsOf(node, reports),
    drivers: [...(announced?.drivers ?? [])],
    ...(announced?.capabilities === undefined ? {} : { capabilities: [...announced.capabilities] }),
    executions,
    ...(warnings.length === 0 ? {} : { warnings: [...warnings] }),
    ...(announced === undefined
      ? {}
      : {
          agent_version: announced.agentVersion,
          resources: {
            cpus: announced.resources.cpus,
            memory_bytes: announced.resources.memoryBytes,
            ...(announced.resources.diskBytes === undefined ? {} : { disk_bytes: announced.resources.diskBytes }),
          },
        }),
  }
}

const stepView = ({ key, priority, class: ofClass, turn }: DrainStep) => {
  const { namespace, name } = parseJobKeyText(key)
  return { namespace, job: name, priority, class: ofClass, turn }
}

type Warning = NonNullable<NodeView['warnings']>[number]

/** What a person should know of a node: what it says itself, and a clock that is far off. */
export const nodeWarnings = (
  node: NodeState | undefined,
  reports: NodeReports | undefined,
  heard: Heard[string] | undefined,
): readonly Warning[] => {
  const own = [...(reports?.announced?.problems ?? []), ...beyondLimits(node, reports), ...unread(node, heard)]
  const offset = heard?.offset ?? 0
  if (Math.abs(offset) <= CLOCK_OFFSET_WARNED_MS) return own
  const seconds = Math.round(Math.abs(offset) / 1000)
  const message = `its clock is ${seconds} s ${offset > 0 ? 'ahead of' : 'behind'} the centre's`
  return [...own, { code: 'clock_offset', message }]
}

/** It is rung again after 15 s; one that has not read by then a few times will perhaps never. */
const UNREAD_WARNED_MS = 60_000

const unread = (node: NodeState | undefined, heard: Heard[string] | undefined): readonly Warning[] => {
  const ms = heard?.unread ?? 0
  if (ms < UNREAD_WARNED_MS || node?.connection.is !== 'connected') return []
  const message = `it is heard, but has not read what it should run for ${Math.floor(ms / 60_000)} min; it gets nothing new meanwhile`
  return [{ code: 'document_unread', message }]
}

const MOST_NAMED = 5

/** What it says and may not say, or says too much of: nobody believes it, and somebody should look at the node. */
const beyondLimits = (node: NodeState | undefined, reports: NodeReports | undefined): readonly Warning[] => {
  const warnings: Warning[] = []
  const refused = refusedLabels(node, reports)
  if (refused.length > 0) {
    const more = refused.length > MOST_NAMED ? ` and ${refused.length - MOST_NAMED} more` : ''
    const named = refused.slice(0, MOST_NAMED).join(', ')
    warnings.push({
      code: 'labels_refused',
      message: `it announces labels that its join token does not let it: ${named}${more}`,
    })
  }
  const { executions = 0, journals = 0, labels = 0 } = reports?.surplus ?? {}
  if (executions + journals > 0)
    warnings.push({
      code: 'reports_dropped',
      message: `it reported more than one node can run: ${executions + journals} reports were dropped; look at it, or remove it`,
    })
  if (labels > 0)
    warnings.push({ code: 'labels_dropped', message: `it announces ${labels} labels too many; they are dropped` })
  return warnings
}
