/** What every update has in common: which files, into which slot, and whether the version may follow the present one. */
import type { UpdateConfig } from '@dunlin/contracts/agent'
import { isDiskFull } from '../../artifacts/problem.ts'
import type { ArtifactControl, Artifacts } from '../../artifacts/fetch.ts'
import { currentVersion, keepSlots, makeSlot, slotOf, type SlotFile } from '../../update/slots.ts'
import { compareVersions } from '../../update/version-order.ts'
import { TaskError } from '../driver.ts'

export const DEFAULT_HEALTHY_MS = 60_000

export const filesOf = ({ target, artifact, files }: UpdateConfig): SlotFile[] => {
  const all =
    files ?? (artifact ? [{ ...artifact, path: target === 'agent' ? 'agent.mjs' : nameIn(artifact.source) }] : [])
  return all.map(({ path, source, sha256, max_bytes, ...more }) => ({
    path,
    artifact: { source, sha256, ...(max_bytes === undefined ? {} : { max_bytes }) },
    mode: 'mode' in more && more.mode !== undefined ? Number.parseInt(more.mode, 8) : 0o755,
  }))
}

/** The last part of the source's path, if a file may be called so. */
const nameIn = (source: string): string => {
  const last = new URL(source).pathname.split('/').at(-1) ?? ''
  return /^[A-Za-z0-9][A-Za-z0-9._+-]{0,127}$/.test(last) ? last : 'payload'
}

/** Throws a permanent `TaskError` unless the version may follow `present`. */
export const mayFollow = (
  { target, version, allow_downgrade: allowed }: UpdateConfig,
  present: string | undefined,
  isSameContent: boolean,
): void => {
  if (present === undefined || allowed === true) return
  const order = compareVersions(version, present)
  if (order > 0 || (order === 0 && isSameContent)) return
  const message =
    order < 0
      ? `${target} is at ${present}, which is newer than ${version}.`
      : `${target} is at ${present} already, with another content.`
  const hint = 'Set allow_downgrade where that is meant.'
  throw new TaskError({ code: 'downgrade_refused', message, hint }, true)
}

/**
 * Makes the slot. The slot in use is never written to: another content under its own version goes into a slot of another
 * name. Returns the name and the folder.
 */
export const stageSlot = async (
  home: string,
  config: UpdateConfig,
  { artifacts, takeOver }: { readonly artifacts: Artifacts; readonly takeOver?: string },
  control: ArtifactControl,
): Promise<{ readonly name: string; readonly folder: string }> => {
  const name = currentVersion(home) === config.version ? `${config.version}+again` : config.version
  // Of versions that were tried and left, and of a staging that was killed, nothing is kept.
  keepSlots(home, [currentVersion(home)])
  try {
    const options = { artifacts, ...(takeOver === undefined ? {} : { takeOver }) }
    return { name, folder: await makeSlot(home, name, filesOf(config), options, control) }
  } catch (error) {
    keepSlots(home, [currentVersion(home)])
    if (isDiskFull(error))
      throw new TaskError({ code: 'disk_full', message: `There is no room for ${slotOf(home, name)}.` }, false)
    throw error
  }
}
