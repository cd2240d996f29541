/** Each event of a node's subject in a sentence. */
import type { NodeEvent } from '@dunlin/contracts'

export const tellNodeEvent = (event: NodeEvent): string => {
  switch (event.type) {
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
    case 'NodeDrained':
      return `the node is being drained${event.reason === undefined ? '' : ` (${event.reason})`}`
    case 'NodeRemoved':
      return `the node was removed${event.reason === undefined ? '' : ` (${event.reason})`}`
    default:
      return event satisfies never
  }
}
