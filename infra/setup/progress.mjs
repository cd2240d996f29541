// What the person who waits sees: one line per step, with its time, on stderr.

/** A set-up that cannot go on; the message says what to do. Shown without a stack. */
export class SetupError extends Error {}

export function say(line) {
  process.stderr.write(`dunlin: ${line}\n`)
}

/** Announces a step, runs it, and tells how long it took. */
export async function step(title, run) {
  say(`${title} ...`)
  const begin = performance.now()
  const result = await run()
  say(`${title}: done in ${seconds(performance.now() - begin)}`)
  return result
}

function seconds(ms) {
  return `${(ms / 1000).toFixed(1)} s`
}
