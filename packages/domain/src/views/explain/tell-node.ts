/** Each event of a node's subject in a sentence. */
import { formatGoDuration, type NodeEvent } from '@dunlin/contracts'

/** `at`: when it was decided. */
export const tellNodeEvent = (event: NodeEvent, at: number): string => {
  switch (event.type) {
    case 'NodeEnrolled':
      return `the node joined with token ${event.token}${ownLabels(event.ownLabels)}`
    case 'NodeAdmitted':
      return `the node was admitted (${event.policy})`
    case 'NodeLabelled':
      return `labels: ${Object.entries(event.labels)
        .map(([key, value]) => `${key}=${value}`)
        .join(', ')}`
    case 'NodeConnected':
      return 'the node is connected'
    case 'NodeDisconnected':
      return `the node is disconnected (${event.reason})`
    case 'NodeLost':
      return 'the node is lost: it was silent for too long'
    case 'NodeReturned':
      return 'the node is back'
    case 'NodeCordoned':
      return `the node takes no new jobs${because(event)}`
    case 'NodeUncordoned':
      return `the node takes jobs again${because(event)}`
    case 'NodeDrained':
      return `the node is drained ${deadline(event.deadlineAt, at)}${because(event)}`
    case 'NodeCommandNoted':
      return 'a command that changed nothing was remembered'
    case 'NodeRemoved':
      return `the node was removed${because(event)}`
    default:
      return event satisfies never
  }
}

const ownLabels = (keys: readonly string[] | undefined): string => {
  if (keys === undefined) return ''
  return `; of its own labels it may announce ${keys.length === 0 ? 'none' : keys.join(', ')}`
}

const deadline = (deadlineAt: number | undefined, at: number): string =>
  deadlineAt === undefined ? 'at once' : `within ${formatGoDuration(Math.max(0, deadlineAt - at))}`

const because = ({ reason }: { readonly reason?: string | undefined }): string =>
  reason === undefined ? '' : ` (${reason})`
