/** The bare baseline: the JetStream client's own publish, a window of them in flight. */
import type { JetStreamClient } from '@nats-io/jetstream'
import { windowed } from '../measure/window.ts'

export const publishPlainly = (
  js: JetStreamClient,
  run: {
    readonly subjects: readonly string[]
    readonly body: (n: number) => Uint8Array
    readonly count: number
    readonly inFlight: number
  },
): Promise<number> => {
  const { subjects, body, count, inFlight } = run
  return windowed(count, inFlight, (n) => js.publish(subjects[n % subjects.length] ?? '', body(n)))
}
