/** `dunlin-agent install` and `uninstall`: the agent as a service of this machine, that listens on no port. */
import { spawnSync } from 'node:child_process'
import { existsSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { killTasks } from '../drivers/kill-tasks.ts'
import { removeTree } from '../drivers/remove-tree.ts'
import { readOrExplain } from '../usage.ts'
import { INSTALL_USAGE, needBundle, needRoot, readInstallFlags, type InstallFlags } from './install-flags.ts'
import { installSteps, UNIT, unitOf, type Machine } from './plan.ts'

const STOP_GRACE_MS = 10_000

const say = (line: string): void => void process.stdout.write(`${line}\n`)

const thisMachine: Machine = {
  run: (command, args, { as, env } = {}) => {
    const { error, status } = spawnSync(command, args, {
      stdio: ['ignore', 'inherit', 'inherit'],
      env: { ...process.env, ...env },
      ...(as === undefined ? {} : as),
    })
    if (error !== undefined) throw new Error(`${command} could not be run: ${error.message}`)
    if (status !== 0) throw new Error(`${command} ended with ${status ?? 'a signal'}`)
  },
}

/** Carries out what is not done yet, and says each step. Throws when one fails; the earlier ones stay, and are found done next time. */
export const runSteps = async (flags: InstallFlags, machine: Machine): Promise<void> => {
  for (const step of installSteps(flags, machine)) {
    if (step.isDone()) {
      say(`  is so already  ${step.say}`)
      continue
    }
    if (!flags.dryRun) await step.act()
    say(`  ${flags.dryRun ? 'would be done ' : 'done          '} ${step.say}`)
  }
}

const guarded = async (work: () => Promise<void> | void): Promise<void> => {
  try {
    await work()
  } catch (error) {
    process.stderr.write(`dunlin-agent: ${error instanceof Error ? error.message : String(error)}\n`)
    process.exitCode = 1
  }
}

export const install = async (args: readonly string[]): Promise<void> => {
  if (args.includes('--help')) return say(INSTALL_USAGE)
  const flags = readOrExplain(() => readInstallFlags(args, process.env), INSTALL_USAGE)
  if (flags === undefined) return
  if (flags.print) return void process.stdout.write(unitOf(flags))
  await guarded(async () => {
    needBundle(flags.bundle)
    needRoot(flags.root)
    if (flags.root === '' && !flags.dryRun && process.getuid?.() !== 0)
      throw new Error('installing a service needs root; --dry-run and --print do not')
    await runSteps(flags, thisMachine)
  })
}

export const uninstall = async (args: readonly string[]): Promise<void> => {
  if (args.includes('--help')) return say(INSTALL_USAGE)
  const flags = readOrExplain(() => readInstallFlags(args, process.env), INSTALL_USAGE)
  if (flags === undefined) return
  const { root, dryRun, purge } = flags
  const dataDir = join(root, flags.dataDir)
  const unitFile = join(root, '/etc/systemd/system', UNIT)
  await guarded(async () => {
    const live = root === '' && existsSync('/run/systemd/system')
    if (dryRun) {
      say(`would stop the service, end the tasks below ${dataDir} and remove ${unitFile}`)
      if (purge) say(`would delete ${dataDir}`)
      return
    }
    const had = { unit: existsSync(unitFile), data: existsSync(dataDir) }
    if (!had.unit && !had.data)
      throw new Error(`there is neither ${unitFile} nor ${dataDir}: nothing is installed here`)
    if (live && had.unit) thisMachine.run('systemctl', ['disable', '--now', UNIT])
    // With nobody to look after them they would run on for good.
    say(`tasks that were ended: ${await killTasks(dataDir, STOP_GRACE_MS)}`)
    rmSync(unitFile, { force: true })
    if (live) thisMachine.run('systemctl', ['daemon-reload'])
    say(had.unit ? `${UNIT} is removed` : `${unitFile} was not there`)
    if (!had.data) return say(`${dataDir} was not there`)
    if (purge) await removeTree(dataDir)
    say(purge ? `${dataDir} is deleted` : `${dataDir} is left: identity, credential and journal; --purge deletes it`)
  })
}
