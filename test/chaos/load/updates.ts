/**
 * What updates bring: agents that are the real one but for their version, or broken in a way that no check can see; and
 * payloads. Each apply has a mark of its own, which lies as a file in the slot, so that anybody can see what is in use.
 */
import { createHash } from 'node:crypto'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'

/** Of an agent or a payload. */
export type Fate =
  /** Works. */
  | 'good'
  /** Passes the check and ends as soon as it shall run. */
  | 'exits'
  /** The real one, which finds and keeps the tasks of its node and never reaches the log. */
  | 'unreachable'
  /** The same, and dies without a word in the middle of it. */
  | 'dies'
  /** Fails its check: nothing is switched. */
  | 'refused'

export interface UpdatePlaces {
  /** Bundle of the agent as it is installed. */
  readonly bundle: string
  /** Where versions are kept; a root of artifacts of every node. */
  readonly versionsDir: string
  readonly ledgerDir: string
}

const agentFates = ['good', 'exits', 'unreachable', 'dies', 'refused'] as const
const versionOf = (fate: Fate, n: number): string => (fate === 'good' ? `9.0.${n}` : `9.1.${agentFates.indexOf(fate)}`)
const GOOD_VERSIONS = 2

/** Written by every agent that begins to work: its process and the slot that it was loaded from. */
const WITNESS = `
import { appendFileSync as chaosWrite, readFileSync as chaosRead } from 'node:fs'
const chaosMark = () => { try { return chaosRead(new URL('mark', import.meta.url), 'utf8').trim() } catch { return 'none' } }
if (process.argv[2] === 'run' && process.env.CHAOS_LEDGER)
  chaosWrite(process.env.CHAOS_LEDGER, 'boot ' + process.pid + ' ' + chaosMark() + '\\n')
`
/** Discard: a port where nobody listens. */
const NOWHERE = `
if (process.argv[2] === 'run') process.argv[process.argv.indexOf('--nats-url') + 1] = 'nats://127.0.0.1:9'
`
const DIES = `
if (process.argv[2] === 'run') setTimeout(() => process.kill(process.pid, 'SIGKILL'), 50 + Math.floor(Math.random() * 400))
`
const EXITS = `
if (process.argv[2] !== 'check') process.exit(3)
`

const write = (path: string, text: string): { readonly source: string; readonly sha256: string } => {
  writeFileSync(path, text)
  return { source: pathToFileURL(path).href, sha256: createHash('sha256').update(text).digest('hex') }
}

/** `installed` is the version that the bundle has. Returns what the config of an update job names. */
export const makeVersions = ({ bundle, versionsDir }: UpdatePlaces, installed: string) => {
  mkdirSync(versionsDir, { recursive: true })
  const text = readFileSync(join(bundle, 'agent.mjs'), 'utf8')
  const quoted = ['"', "'", '`']
  const called = (version: string): string =>
    quoted.reduce((all, q) => all.replaceAll(`${q}${installed}${q}`, `${q}${version}${q}`), text)
  if (called('another') === text) throw new Error(`the bundle of the agent does not say that it is ${installed}`)
  const make = (fate: Fate, n: number) => {
    const version = versionOf(fate, n)
    const bodies: Readonly<Record<Fate, () => string>> = {
      good: () => WITNESS + called(version),
      exits: () => WITNESS + EXITS,
      unreachable: () => WITNESS + NOWHERE + called(version),
      dies: () => WITNESS + NOWHERE + DIES + called(version),
      refused: () => WITNESS + text,
    }
    return { version, artifact: write(join(versionsDir, `agent-${version}.mjs`), bodies[fate]()) }
  }
  // What is installed at first is a witness as well.
  writeFileSync(join(bundle, 'agent.mjs'), WITNESS + text)
  const good = Array.from({ length: GOOD_VERSIONS }, (_, n) => make('good', n + 1))
  const made = new Map(agentFates.filter((fate) => fate !== 'good').map((fate) => [fate, make(fate, 0)]))
  return (fate: Fate, n: number) => {
    const one = fate === 'good' ? good[n % GOOD_VERSIONS] : made.get(fate)
    if (one === undefined) throw new Error(`there is no agent that is ${fate}`)
    return one
  }
}
export type AgentVersions = ReturnType<typeof makeVersions>

const say = (ledger: string, words: string): string =>
  `node=\${HOME%/tasks/*}; echo "${words}" >> "${ledger}/updates.\${node##*/}"`
const shell = (script: string) => ({ command: 'sh', args: ['-c', script] })
const markFile = (dir: string, mark: string) => ({ path: 'mark', mode: '0644', ...write(join(dir, mark), `${mark}\n`) })

/** Config of an update of the agent. */
export const agentUpdate = (
  versions: AgentVersions,
  { versionsDir, ledgerDir }: UpdatePlaces,
  { mark, fate, n }: { readonly mark: string; readonly fate: Fate; readonly n: number },
): Readonly<Record<string, unknown>> => {
  const { version, artifact } = versions(fate, n)
  const check = `${process.execPath} "$DUNLIN_SLOT/agent.mjs" check --is-version ${version} --data-dir "$node"`
  return {
    target: 'agent',
    version,
    files: [{ path: 'agent.mjs', ...artifact }, markFile(versionsDir, mark)],
    check: shell(`${say(ledgerDir, `check $DUNLIN_EXECUTION ${mark}`)}; exec ${check}`),
    // The shortest that there is for those that never answer; for the others longer than any strike lasts.
    healthy_within: fate === 'good' ? '60s' : '1s',
    // One version follows the other, and the same version under another mark.
    allow_downgrade: true,
  }
}

/** Config of an update of a payload; it writes down each of its steps. */
export const payloadUpdate = (
  { versionsDir, ledgerDir }: UpdatePlaces,
  { mark, fate, n }: { readonly mark: string; readonly fate: Fate; readonly n: number },
): Readonly<Record<string, unknown>> => {
  // A command of an agent that was killed must not meet the same one of the next agent.
  const alone = `exec 9>>"\${HOME%/tasks/*}/payload.lock"; flock -n 9 || ${say(ledgerDir, 'overlap $DUNLIN_EXECUTION')}`
  const step = (is: string, then: string) =>
    shell(`${alone}; ${say(ledgerDir, `${is} $DUNLIN_EXECUTION $(cat "$DUNLIN_SLOT/mark")`)}; ${then}`)
  return {
    target: 'tool',
    version: `1.0.${n}`,
    files: [markFile(versionsDir, mark)],
    apply: step('apply', 'sleep 0.1'),
    restart: step('restart', 'sleep 0.1'),
    check: step('check', fate === 'good' ? 'true' : 'false'),
    healthy_within: fate === 'good' ? '60s' : '1s',
    allow_downgrade: true,
  }
}
