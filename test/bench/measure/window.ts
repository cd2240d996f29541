/** Keeps a number of calls in flight until all are done; resolves with the milliseconds that it took. */
export const windowed = (count: number, inFlight: number, call: (index: number) => Promise<unknown>): Promise<number> =>
  new Promise((resolve, reject) => {
    const began = performance.now()
    let next = 0
    let done = 0
    const onDone = (): void => {
      if (++done === count) resolve(performance.now() - began)
      else if (next < count) start()
    }
    const start = (): void => {
      call(next++).then(onDone, reject)
    }
    for (let i = 0; i < Math.min(inFlight, count); i++) start()
  })
