/** The states of all kinds of subjects, for a fold of the whole log. */
import type { foldings } from '@dunlin/domain'

export type AllKinds = { readonly [K in keyof typeof foldings]: ReturnType<(typeof foldings)[K]['initial']> }
