/** The client library, loaded on demand: the only file that imports it. */
import Docker from 'dockerode'
import type { EngineAddress } from './engine-address.ts'

export const connectEngine = (address: EngineAddress): Docker =>
  address.is === 'socket'
    ? new Docker({ socketPath: address.path })
    : new Docker({ protocol: 'http', host: address.host, port: address.port })
