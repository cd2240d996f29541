/**
 * What a node keeps of having joined, in `credentials/` of its data directory: `node.nk`, its private key, which is made
 * here and never leaves; and `membership.json`, which server it belongs to and what that gave it. Both are 0600.
 */
import { DunlinError, labelsSchema, nodeIdSchema } from '@dunlin/contracts/agent'
import { createNodeKey, publicKeyOf } from '@dunlin/nats/agent'
import { chmodSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import * as z from 'zod/mini'
import { writeDurably } from '../drivers/task-dir.ts'
import { makeFolderDurably } from '../durable-folder.ts'

const membershipSchema = z.object({
  s: z.literal(1),
  node: nodeIdSchema,
  /** Address of the API that let it in. */
  server: z.string(),
  /** JWT of its NATS user; absent while a person has not approved it. */
  credential: z.optional(z.string()),
  natsUrls: z.array(z.string()).check(z.minLength(1)),
  name: z.optional(z.string()),
  /** What `join --label` said; `run` adds its own. */
  labels: labelsSchema,
})
export type Membership = z.output<typeof membershipSchema>

export interface NodeKey {
  readonly seed: string
  readonly publicKey: string
}

const folderOf = (dataDir: string): string => join(dataDir, 'credentials')
const keyFile = (dataDir: string): string => join(folderOf(dataDir), 'node.nk')
const membershipFile = (dataDir: string): string => join(folderOf(dataDir), 'membership.json')

const corrupt = (file: string, why: string): DunlinError =>
  new DunlinError('corrupt_document', `${file} cannot be used: ${why}.`, {
    hint: 'Put it back from a copy, or remove the folder and join anew.',
  })

/** The node's key; undefined when none was made. @throws DunlinError corrupt_document */
export const readKey = (dataDir: string): NodeKey | undefined => {
  const seed = read(keyFile(dataDir))?.trim()
  if (seed === undefined) return undefined
  try {
    return { seed, publicKey: publicKeyOf(seed) }
  } catch {
    throw corrupt(keyFile(dataDir), 'it holds no key of a node')
  }
}

/** The node's key, made when there is none and never was. @throws DunlinError corrupt_document */
export const keepKey = (dataDir: string): NodeKey => {
  const kept = readKey(dataDir)
  if (kept !== undefined) return kept
  // Another key would make what the server gave to this one worthless.
  if (readMembership(dataDir) !== undefined) throw corrupt(keyFile(dataDir), 'it is missing beside membership.json')
  const made = createNodeKey()
  write(dataDir, keyFile(dataDir), `${made.seed}\n`)
  return made
}

/** Undefined when this node never joined. @throws DunlinError corrupt_document */
export const readMembership = (dataDir: string): Membership | undefined => {
  const file = membershipFile(dataDir)
  const text = read(file)
  if (text === undefined) return undefined
  try {
    return membershipSchema.parse(JSON.parse(text))
  } catch {
    throw corrupt(file, 'it is cut off, or of another release')
  }
}

export const writeMembership = (dataDir: string, membership: Membership): void =>
  write(dataDir, membershipFile(dataDir), `${JSON.stringify(membership, undefined, 2)}\n`)

/** Undefined only when it is not there: one that cannot be read just now must not be made anew. */
const read = (file: string): string | undefined => {
  try {
    return readFileSync(file, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw corrupt(file, String(error))
  }
}

const write = (dataDir: string, file: string, text: string): void => {
  makeFolderDurably(folderOf(dataDir), 0o700)
  chmodSync(folderOf(dataDir), 0o700)
  writeDurably(file, text)
}
