/** Where the aggregates of one kind are kept: a Map, or a snapshot that is parsed entry by entry when first touched. */
export interface Table<T> {
  readonly size: number
  get(key: string): T | undefined
  set(key: string, value: T): unknown
  has(key: string): boolean
  delete(key: string): boolean
  keys(): IterableIterator<string>
  values(): IterableIterator<T>
  [Symbol.iterator](): IterableIterator<[string, T]>
}

export type ReadonlyTable<T> = Pick<Table<T>, 'size' | 'get' | 'has' | 'keys' | 'values' | typeof Symbol.iterator>
