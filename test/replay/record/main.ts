/**
 * Records a history on real processes and through the API, once for a new release:
 *
 *   node --conditions=dunlin-source test/replay/record/main.ts commands test/replay/histories/<release>/commands.jsonl
 *   node --conditions=dunlin-source test/replay/record/main.ts silence test/replay/histories/<release>/silence.jsonl
 *   node --conditions=dunlin-source test/replay/record/main.ts nodes test/replay/histories/<release>/nodes.jsonl
 *
 * `commands` is what people do to rollouts (20 s), `silence` what nodes do to them that are not heard (17 min, because a
 * revoked grant may be activated for 15), `nodes` what people do to nodes and time does to jobs (1 min). `npm run demo --
 * --record FILE` records what Dunlin does by itself.
 */
import { launchFleet, recordHistory } from '@dunlin/infra/dev'
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { playCommands } from './commands.ts'
import { playNodes } from './nodes.ts'
import type { Scene } from './scene.ts'
import { playSilence } from './silence.ts'

const scenes: Readonly<Record<string, { readonly nodes: number; readonly play: Scene }>> = {
  commands: { nodes: 4, play: playCommands },
  silence: { nodes: 1, play: playSilence },
  nodes: { nodes: 3, play: playNodes },
}

const [name = '', file] = process.argv.slice(2)
const scene = scenes[name]
if (scene === undefined || file === undefined) throw new Error(`usage: main.ts ${Object.keys(scenes).join('|')} FILE`)
const dataDir = mkdtempSync(join(tmpdir(), 'dunlin-record-'))
mkdirSync(join(dataDir, 'logs'))
const anywhere = { apiPort: 0, natsPort: undefined, acceptRunningServer: false }
const launch = launchFleet({ ...anywhere, nodes: scene.nodes, dataDir, actor: 'ana' })
try {
  const fleet = await launch.ready
  await scene.play(fleet, dataDir)
  process.stdout.write(`${await recordHistory(fleet.nats, file)} commits in ${file}\n`)
} finally {
  await launch.stop()
  rmSync(dataDir, { recursive: true, force: true })
}
process.exit()
