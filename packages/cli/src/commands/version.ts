/** `dunlin version`: of this command, and whether a server answers. */
import { readFileSync } from 'node:fs'
import type { Command } from 'commander'
import type { Context } from '../context.ts'

/** From package.json, which lies one folder up from `src` and from `dist`. */
export const cliVersion = (): string => {
  const text = readFileSync(new URL('../../package.json', import.meta.url), 'utf8')
  return (JSON.parse(text) as { readonly version: string }).version
}

export const addVersion = (program: Command, { io }: Context): void => {
  program
    .command('version')
    .summary('show the version')
    .description('Shows the version of this command and of the Node.js that runs it.')
    .action(() => io.out(`dunlin ${cliVersion()} (node ${process.version})\n`))
}
