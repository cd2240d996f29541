/** What releases do on the nodes of a figure, as every fleet here understands it. */
import type { NodeId } from '@dunlin/contracts'

/** One program on one node: whether window `n` shows more errors than tolerated; asked once for each n, from 1. */
export type Life = (n: number) => boolean

/** Which life a program leads on a node; asked once for each execution. */
export type Behaviour = (program: string, node: NodeId) => Life

export const alwaysGood: Life = () => false
export const alwaysBad: Life = () => true

/** What ran before, and the release that is measured. */
export const BEFORE = 'before'
export const RELEASE = 'release'

/** Messages of one window: 10 a second for 10 s, and three of four fail in a bad one. */
export const MESSAGES_PER_WINDOW = 100
export const FAILED_PER_BAD_WINDOW = 75
