// Runs the asked command as a child on the pinned Node.
import { spawn } from 'node:child_process'
import { delimiter, join } from 'node:path'
import { untilEnd } from './pass-signals.mjs'
import { root } from './root.mjs'

/** @returns the child's exit code, or the signal that it died of */
export function runChild(node, args) {
  const child = spawn(node, args, {
    cwd: root,
    // A group of its own: a Ctrl-C in the terminal would else reach the child's servers before the child can stop
    // them in order. In exchange it has a channel to us, so that it notices when we are gone (follow-parent.mjs).
    detached: true,
    stdio: ['inherit', 'inherit', 'inherit', 'ipc'],
    env: { ...process.env, PATH: [join(root, 'node_modules', '.bin'), process.env.PATH].join(delimiter) },
  })
  return untilEnd(child)
}
