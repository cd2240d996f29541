/**
 * The bundle becomes the version in use. What is in use is never written to, not even by the same version once more: the
 * files are made ready beside it, and one rename of the link decides. Whatever is cut, what the link names is whole.
 */
import { join } from 'node:path'
import { AGENT_VERSION } from '../host.ts'
import { currentVersion, isSlotOf, keepSlots, makeSlotOf, slotOf, switchTo } from '../update/slots.ts'
import { dropTrial } from '../update/trial.ts'
import { modeOf, type Ids } from './files.ts'

export interface SlotInstall {
  readonly home: string
  readonly bundle: string
  /** Gives a path to the agent's user. */
  readonly give: (path: string) => void
  /** Between any two changes; a test stops there. */
  readonly onStep: () => void
}

export const isInstalled = (home: string, bundle: string, owner: Ids | undefined): boolean => {
  const inUse = currentVersion(home)
  if (inUse === undefined || !isSlotOf(home, inUse, bundle)) return false
  // Where the agent's user may not write, its launcher does not start, or its next update fails.
  return [home, versionsOf(home), slotOf(home, inUse)].every((folder) => modeOf(folder, owner) !== undefined)
}

const versionsOf = (home: string): string => join(home, 'versions')

export const installSlot = async ({ home, bundle, give, onStep }: SlotInstall): Promise<void> => {
  const before = currentVersion(home)
  const name = before === AGENT_VERSION ? `${AGENT_VERSION}+again` : AGENT_VERSION
  await makeSlotOf(home, name, bundle, { ready: give, onStep })
  onStep()
  // Whoever installs by hand decides: the launcher would go back from what it does not find on trial.
  dropTrial(home)
  onStep()
  await switchTo(home, name)
  onStep()
  for (const path of [home, versionsOf(home), join(home, 'current')]) {
    give(path)
    onStep()
  }
  // The agent that still runs from the former one may load files of it until it is started again.
  keepSlots(home, [name, before])
}
