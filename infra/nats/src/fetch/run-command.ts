// Runs one command of the system to its end and keeps what it said.
import { execFile } from 'node:child_process'

export type CommandResult =
  | { readonly ok: true; readonly output: string }
  | { readonly ok: false; readonly problem: string }

/** Never throws; the problem is the last lines of what the command said, on one line. */
export function runCommand(
  command: string,
  args: readonly string[],
  options: { timeoutMs: number; env?: Readonly<Record<string, string | undefined>>; cwd?: string },
): Promise<CommandResult> {
  return new Promise((resolve) => {
    execFile(
      command,
      args,
      {
        timeout: options.timeoutMs,
        maxBuffer: 16 * 1024 * 1024,
        env: { ...process.env, ...options.env },
        ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
      },
      (error, stdout, stderr) => {
        if (error === null) return resolve({ ok: true, output: stdout })
        if (error.killed === true)
          return resolve({ ok: false, problem: `${command}: no end after ${options.timeoutMs} ms` })
        const said = shorten(`${stdout}\n${stderr}`)
        resolve({ ok: false, problem: said === '' ? (error.message.split('\n')[0] ?? command) : said })
      },
    )
  })
}

/** The last three lines that say something, at most 300 characters. */
export function shorten(text: string): string {
  const lines = text.split('\n').map((line) => line.trim())
  return lines
    .filter((line) => line !== '')
    .slice(-3)
    .join(' | ')
    .slice(-300)
}
