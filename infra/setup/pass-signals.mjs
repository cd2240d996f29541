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
    const done = () => {
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
