/** The group `dunlin node`, which several files put commands into. */
import type { Command } from 'commander'

export const nodeGroup = (program: Command): Command =>
  program.commands.find((command) => command.name() === 'node') ??
  program
    .command('node')
    .summary('look after nodes')
    .description('Lets nodes in, names them, empties them, gives them up.')
