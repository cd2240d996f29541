/** The ports of a service on the measured server, streams made. */
import { connectStore, type ConnectedStore } from '@dunlin/nats'

const GIB = 1024 ** 3

export const withStore = async <T>(url: string, run: (store: ConnectedStore) => Promise<T>): Promise<T> => {
  const store = await connectStore({ url, name: 'bench', maxBytes: 8 * GIB })
  try {
    return await run(store)
  } finally {
    await store.close()
  }
}
