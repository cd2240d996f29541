/** Standard streams and environment as the commands see them: data goes to `out`, everything else to `err`. */
import { styleText } from 'node:util'

export interface Io {
  out(text: string | Uint8Array): void
  err(text: string | Uint8Array): void
  readStdin(): Promise<Buffer>
  readonly env: Readonly<Record<string, string | undefined>>
  /** Colours only where the stream is a terminal, and NO_COLOR, FORCE_COLOR and TERM=dumb are honoured. */
  style(format: Style, text: string): string
  styleErr(format: Style, text: string): string
  /** How large the terminal behind `out` is; undefined where there is none, or one that cannot move its cursor. */
  terminal(): { readonly columns: number; readonly rows: number } | undefined
  /** Aborted by Ctrl-C. */
  readonly interrupted: AbortSignal
}

export type Style = 'bold' | 'dim' | 'red' | 'green' | 'yellow' | 'cyan' | 'blue' | 'magenta'

const readStdin = async (): Promise<Buffer> => {
  const chunks: Buffer[] = []
  for await (const chunk of process.stdin) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks)
}

export const processIo = (): Io => {
  const abort = new AbortController()
  process.once('SIGINT', () => abort.abort())
  // A reader that leaves early (`dunlin events -f | head`) is no failure.
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit(0)
    throw error
  })
  return {
    out: (text) => void process.stdout.write(text),
    err: (text) => void process.stderr.write(text),
    readStdin,
    env: process.env,
    style: (format, text) => styleText(format, text, { stream: process.stdout }),
    styleErr: (format, text) => styleText(format, text, { stream: process.stderr }),
    terminal: () => {
      const { isTTY, columns, rows } = process.stdout
      return isTTY && process.env['TERM'] !== 'dumb' ? { columns: columns || 80, rows: rows || 24 } : undefined
    },
    interrupted: abort.signal,
  }
}
