/** `dunlin-agent check`: exit code 0 when an agent can run here, 1 when it cannot. */
import { resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { readMembership } from '../credentials/membership.ts'
import { AGENT_VERSION } from '../host.ts'
import { readOrExplain } from '../usage.ts'
import { check } from './check.ts'

const USAGE = `dunlin-agent check
  --data-dir DIR        .dunlin/agent (DUNLIN_DATA_DIR)
  --nats-url URL        servers to reach (DUNLIN_NATS_URL); those that the node has joined where absent
  --is-version V        fail unless this is version V
  --json                one object on stdout`

const readCheckFlags = (args: readonly string[], env: NodeJS.ProcessEnv) => {
  const { values } = parseArgs({
    args: [...args],
    options: {
      'data-dir': { type: 'string' },
      'nats-url': { type: 'string' },
      'is-version': { type: 'string' },
      json: { type: 'boolean' },
    },
  })
  const natsUrl = values['nats-url'] ?? env['DUNLIN_NATS_URL']
  return {
    dataDir: resolve(values['data-dir'] ?? env['DUNLIN_DATA_DIR'] ?? '.dunlin/agent'),
    natsUrls: natsUrl === undefined ? undefined : natsUrl.split(','),
    isVersion: values['is-version'],
    json: values.json ?? false,
  }
}

const joined = (dataDir: string): readonly string[] => {
  try {
    return readMembership(dataDir)?.natsUrls ?? []
  } catch {
    return []
  }
}

export const checkCommand = async (args: readonly string[]): Promise<void> => {
  if (args.includes('--help')) return void process.stdout.write(`${USAGE}\n`)
  const flags = readOrExplain(() => readCheckFlags(args, process.env), USAGE)
  if (flags === undefined) return
  const { dataDir, isVersion } = flags
  const natsUrls = flags.natsUrls ?? joined(dataDir)
  const findings = await check({ version: AGENT_VERSION, isVersion, dataDir, natsUrls, entry: import.meta.url })
  const can = findings.every(({ is }) => is !== 'failed')
  if (flags.json) process.stdout.write(`${JSON.stringify({ ok: can, version: AGENT_VERSION, findings })}\n`)
  else for (const { what, is, text } of findings) process.stdout.write(`${is.padEnd(8)} ${what.padEnd(11)} ${text}\n`)
  if (can) return
  for (const { is, text } of findings)
    if (is === 'failed') process.stderr.write(`dunlin-agent cannot run here: ${text}\n`)
  process.exitCode = 1
}
