/** A connection of the bare client, with the habits that the products' own connection has. */
import { jetstream, type JetStreamClient } from '@nats-io/jetstream'
import { connect, type NatsConnection } from 'nats'

export const withBareClient = async <T>(
  url: string,
  run: (nc: NatsConnection, js: JetStreamClient) => Promise<T>,
): Promise<T> => {
  const nc = await connect({ servers: url, noAsyncTraces: true })
  try {
    return await run(nc, jetstream(nc))
  } finally {
    await nc.close()
  }
}
