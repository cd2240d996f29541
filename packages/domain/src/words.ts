/** Numbers of things in sentences for people. */

export const nodeCount = (count: number): string => (count === 1 ? '1 node' : `${count} nodes`)
