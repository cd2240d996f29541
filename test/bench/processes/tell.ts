/** The child's side of `stage/crew.ts`. */

/** Comparable between processes of one machine. */
export const nowMs = (): number => performance.timeOrigin + performance.now()

export const tell = (message: { readonly is: string } & Readonly<Record<string, unknown>>): void => {
  process.send?.(message)
}

/** `handler` trusts that whoever forked this process speaks its language. */
export const onTold = (handler: (message: never) => void): void => {
  process.on('message', (message) => handler(message as never))
  // Whoever forked this process is gone: so is the reason for it.
  process.once('disconnect', () => process.exit(0))
  // The normal way out, so that a profile is written.
  process.once('SIGTERM', () => process.exit(0))
}

export interface Used {
  readonly cpuMs: number
  readonly rssMb: number
}

export const used = (): Used => {
  const { user, system } = process.cpuUsage()
  return { cpuMs: (user + system) / 1000, rssMb: process.memoryUsage.rss() / 1024 ** 2 }
}
