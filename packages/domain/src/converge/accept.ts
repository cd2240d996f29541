/**
 * The door for desired documents. The higher generation wins, whatever the order of arrival; a document that cannot be
 * read, is of a newer schema or belongs to another node changes nothing: what is held stays in force.
 */
import {
  compareGenerations,
  DESIRED_SCHEMA,
  desiredDocumentSchema,
  MAX_DESIRED_BYTES,
  type DesiredDocument,
  type NodeId,
} from '@dunlin/contracts/agent'

export type DocumentProblem = {
  readonly code: 'corrupt_document' | 'needs_upgrade'
  readonly message: string
}

export type Acceptance =
  | { readonly is: 'newer'; readonly document: DesiredDocument }
  /** The held document again: it confirms that what is held is still the newest. */
  | { readonly is: 'same' }
  | { readonly is: 'older' }
  | { readonly is: 'refused'; readonly problem: DocumentProblem }

export const acceptDocument = (held: DesiredDocument | undefined, bytes: Uint8Array, node: NodeId): Acceptance => {
  const read = readDocument(bytes, node)
  if ('problem' in read) return { is: 'refused', problem: read.problem }
  const order = held ? compareGenerations(read.document.generation, held.generation) : 1
  if (order > 0) return { is: 'newer', document: read.document }
  return { is: order === 0 ? 'same' : 'older' }
}

const utf8 = new TextDecoder('utf-8', { fatal: true })

const corrupt = (message: string): { problem: DocumentProblem } => ({ problem: { code: 'corrupt_document', message } })

export const readDocument = (
  bytes: Uint8Array,
  node: NodeId,
): { readonly document: DesiredDocument } | { readonly problem: DocumentProblem } => {
  if (bytes.byteLength > MAX_DESIRED_BYTES)
    return corrupt(`The document has ${bytes.byteLength} bytes; at most ${MAX_DESIRED_BYTES} are read.`)
  let json: unknown
  try {
    json = JSON.parse(utf8.decode(bytes))
  } catch (error) {
    return corrupt(`The document is not JSON in UTF-8: ${error instanceof Error ? error.message : String(error)}`)
  }
  const schema = typeof json === 'object' && json !== null && 's' in json ? json.s : undefined
  if (typeof schema === 'number' && schema > DESIRED_SCHEMA) {
    const message = `The document has schema ${schema}; this agent reads up to ${DESIRED_SCHEMA}.`
    return { problem: { code: 'needs_upgrade', message } }
  }
  const parsed = desiredDocumentSchema.safeParse(json)
  if (!parsed.success) {
    const [issue] = parsed.error.issues
    return corrupt(`The document is not valid at "${issue?.path.join('.') ?? ''}": ${issue?.message ?? 'unknown'}`)
  }
  if (parsed.data.node !== node) return corrupt(`The document belongs to node ${parsed.data.node}, this is ${node}.`)
  return { document: parsed.data }
}
