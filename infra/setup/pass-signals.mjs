// A child gets the signals that mean "stop", and we stay until it has ended in its own order.

const passed = ['SIGINT', 'SIGTERM', 'SIGHUP']

/** npm passes a Ctrl-C on although the terminal has sent it already: within this time two are one. */
const sameSignalMs = 300

/** @returns resolves with the child's exit code, or the signal that it died of; rejects when it does not run at all */
export function untilEnd(child) {
  return new Promise((resolve, reject) => {
    let last = { signal: '', at: 0 }
    const pass = (signal) => {
      const at = performance.now()
      if (signal === last.signal && at - last.at < sameSignalMs) return
      last = { signal, at }
      child.kill(signal)
    }
    for (const signal of passed) process.on(signal, pass)
    const watch = whenOrphaned(() => pass('SIGTERM'))
    const done = () => {
      clearInterval(watch)
      for (const signal of passed) process.removeListener(signal, pass)
    }
    child.once('error', (error) => {
      done()
      reject(error)
    })
    child.once('exit', (code, signal) => {
      done()
      resolve({ code, signal })
    })
  })
}

/**
 * npm killed with -9 tells nobody. Under npm, and only there, a changed parent means that: a person who starts the
 * set-up from a shell of his own may well leave that shell.
 */
function whenOrphaned(stop) {
  if (process.env.npm_lifecycle_event === undefined) return undefined
  const parent = process.ppid
  const watch = setInterval(() => {
    if (process.ppid !== parent) stop()
  }, 500)
  watch.unref()
  return watch
}
