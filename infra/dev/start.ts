/** `npm start`: everything up until somebody stops it. */
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { takeDataDir } from './data-dir.ts'
import { launchFleet, type Fleet } from './fleet.ts'
import { root, type StartFlags } from './flags.ts'
import { say, seconds } from './say.ts'
import { stopOnSignals, untilAborted } from './until-stopped.ts'

export const start = async (flags: StartFlags): Promise<void> => {
  const giveBack = takeDataDir(flags.dataDir)
  const begin = performance.now()
  const launch = launchFleet({ ...flags, acceptRunningServer: true, actor: 'launcher' })
  const stopper = stopOnSignals(launch)
  // A timer keeps the process here; between two steps there may be nothing else that does.
  const here = setInterval(() => {}, 60_000)
  try {
    const fleet = await Promise.race([launch.ready, untilAborted(stopper.signal)])
    if (fleet !== undefined) {
      say(`ready in ${seconds(performance.now() - begin)}`)
      if (flags.json) process.stdout.write(`${JSON.stringify(readyLine(fleet))}\n`)
      else process.stdout.write(welcome(fleet, flags.dataDir))
      await untilAborted(stopper.signal)
    }
  } finally {
    await stopper.stop()
    clearInterval(here)
    giveBack()
    say('all stopped')
  }
}

const readyLine = ({ api, nats, secure }: Fleet) => ({
  ready: true,
  api,
  nats,
  ...(secure ? { token_file: secure.tokenFile } : {}),
})

const welcome = ({ api, nats, nodes, secure }: Fleet, dataDir: string): string => {
  const at = api === 'http://127.0.0.1:7420' ? '' : ` --server ${api}`
  const show = secure ? `\n    export DUNLIN_TOKEN=$(cat ${secure.tokenFile})` : ''
  const keys = secure ? securely(secure, api, at) : ''
  return `
  API    ${api}   (OpenAPI: ${api}/openapi.json)
  log    ${nats}   data and logs: ${dataDir}
  nodes  ${nodes.length}; /var/log/app of a node is nodes/<id>/var/log/app in the data directory${keys}

  In another terminal, in ${root}:${show}
    pnpm exec dunlin${at} apply -f examples/log-processor.json
    pnpm exec dunlin${at} get nodes
    pnpm exec dunlin${at} events -f

  Ctrl-C stops all of it; the log stays for the next start.

`
}

const securely = ({ dir, tokenFile }: NonNullable<Fleet['secure']>, api: string, at: string): string => `
  keys   ${dir}, for you alone: authority.json signs the nodes' credentials, *.creds are the services', *.nk belong
         elsewhere; ${tokenFile} is what the API asks for; a node keeps its own in nodes/<id>/credentials

  To let another node join (docs/security.md):
    pnpm exec dunlin${at} node token create
    pnpm exec dunlin-agent join --server ${api} --data-dir DIR --token TOKEN && pnpm exec dunlin-agent run --data-dir DIR`

/** For the demo, whose data nobody wants to keep. */
export const removeDataDir = (dataDir: string): void =>
  rmSync(join(dataDir), { recursive: true, force: true, maxRetries: 5, retryDelay: 100 })
