/** Wires the API to a real nats-server and a socket. */
import { DunlinError } from '@dunlin/contracts'
import { connectStore, credentialsFrom, readSecretFile } from '@dunlin/nats'
import { connectClaims, parseAuthority } from '@dunlin/nats/auth'
import { optionalTextSetting, portSetting, runService, systemClock, systemRandom, textSetting } from '@dunlin/runtime'
import { startApi } from './api.ts'

await runService({
  name: 'api',
  settings: {
    host: textSetting('address to listen on', '127.0.0.1'),
    port: portSetting('port to listen on; 0 = any free one', 7420),
    authority: optionalTextSetting('authority file: nodes may join, and get credentials'),
    nodeNatsUrls: optionalTextSetting('where nodes find the server of the log; several separated by commas'),
    tokenFile: optionalTextSetting('file with the token that whoever asks by HTTP must show'),
  },
  start: async ({ config, logger, metrics, readiness, lifecycle }) => {
    const store = await lifecycle.start(
      'store',
      () => connectStore({ url: config.natsUrl, name: 'dunlin-api', ...credentialsFrom(config.natsCreds) }),
      (part) => part.close(),
    )
    const { authority: file, nodeNatsUrls, tokenFile } = config
    const bearerToken = tokenFile && readSecretFile(tokenFile).trim()
    if (bearerToken === '') throw new DunlinError('invalid_request', `There is no token in ${tokenFile}.`)
    const authority = file === undefined ? undefined : parseAuthority(readSecretFile(file))
    const claims =
      authority &&
      (await lifecycle.start(
        'claims',
        () => connectClaims(authority, { url: config.natsUrl, name: 'dunlin-api (claims)' }),
        (part) => part.close(),
      ))
    const options = {
      ...(bearerToken === undefined ? {} : { bearerToken }),
      ...(authority === undefined || claims === undefined
        ? {}
        : { enrolment: { authority, claims, natsUrls: (nodeNatsUrls ?? config.natsUrl).split(',') } }),
    }
    const ports = { ...store, clock: systemClock, random: systemRandom, logger }
    const api = await lifecycle.start(
      'api',
      () => startApi(ports, { ...options, host: config.host, port: config.port, metrics, readiness }),
      (part) => part.stop(),
    )
    await api.ready
    return { url: api.url }
  },
})
