/** What can be struck, and how often each is. */
export const targets = [
  'server',
  'api',
  'scheduler',
  'engine',
  'agent',
  'launcher',
  'shim',
  'task',
  'agent+shim',
  'node',
] as const
export type Target = (typeof targets)[number]

export const weights: Readonly<Record<Target, number>> = {
  server: 12,
  api: 10,
  scheduler: 10,
  engine: 10,
  agent: 16,
  launcher: 6,
  shim: 10,
  task: 14,
  'agent+shim': 6,
  node: 8,
}
