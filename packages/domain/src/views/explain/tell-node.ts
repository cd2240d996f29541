/** Each event of a node's subject in a sentence. */
import type { NodeEvent } from '@dunlin/contracts'

export const tellNodeEvent = (event: NodeEvent): string => {
  switch (event.type) {
    case 'NodeEnrolled':
      return `the node joined with token ${event.token}`
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
      return event.deadlineAt === undefined
        ? `the node is drained at once${because(event)}`
        : `the node is drained until ${new Date(event.deadlineAt).toISOString()} at the latest${because(event)}`
    case 'NodeCommandNoted':
      return 'a command that changed nothing was remembered'
    case 'NodeRemoved':
      return `the node was removed${because(event)}`
    default:
      return event satisfies never
  }
}

const because = ({ reason }: { readonly reason?: string | undefined }): string =>
  reason === undefined ? '' : ` (${reason})`
