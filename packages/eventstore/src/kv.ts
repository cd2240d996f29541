/** Key-value port: leases, and single documents with compare-and-set. */

export interface KvEntry {
  readonly key: string
  readonly value: Uint8Array
  /** Rises with every write to the bucket. */
  readonly revision: number
}

export interface KeyValue {
  get(key: string): Promise<KvEntry | undefined>
  /** Writes if the key does not exist (`expected` 0) or stands at that revision. `undefined` = somebody else was first. */
  put(key: string, value: Uint8Array, expected: number): Promise<number | undefined>
  /** Deletes if the key stands at that revision; false = it does not. */
  delete(key: string, expected: number): Promise<boolean>
  keys(prefix?: string): Promise<string[]>
}

/**
 * One document per key with a last value only (DESIRED, SPECS): keys are subjects' last tokens. `put` states the revision
 * that it replaces; the document's own generation decides whether to write at all.
 */
export interface DocumentStore extends KeyValue {
  /** Keeps a bounded number of writes in flight; resolves in the order of completion like `put`. */
  readonly windowSize: number
}

/** Large immutable values by name: SNAPSHOTS and ARCHIVE. */
export interface ObjectStore {
  put(name: string, value: Uint8Array): Promise<void>
  get(name: string): Promise<Uint8Array | undefined>
  delete(name: string): Promise<void>
  list(prefix?: string): Promise<{ readonly name: string; readonly sizeBytes: number }[]>
}
