/**
 * Versions of one thing side by side, and a link that says which of them is in use:
 *   <home>/versions/<version>/   its files, and .slot.json with their digests
 *   <home>/current               -> versions/<version>; replaced in one step, so that it is never absent or half
 */
import type { Artifact } from '@dunlin/contracts/agent'
import { sha256 } from '@dunlin/runtime/agent'
import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { open } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import * as z from 'zod/mini'
import type { ArtifactControl, Artifacts } from '../artifacts/fetch.ts'
import { readText } from '../drivers/task-dir.ts'

export interface SlotFile {
  readonly path: string
  readonly artifact: Artifact
  readonly mode: number
}

const manifestSchema = z.object({ version: z.string(), files: z.record(z.string(), z.string()) })
type Manifest = z.output<typeof manifestSchema>

const MANIFEST = '.slot.json'
export const slotOf = (home: string, version: string): string => join(home, 'versions', version)

/** The version in use; undefined before the first. */
export const currentVersion = (home: string): string | undefined => {
  try {
    return basename(readlinkSync(join(home, 'current')))
  } catch {
    return undefined
  }
}

const manifestOf = (home: string, version: string): Manifest | undefined => {
  try {
    return manifestSchema.parse(JSON.parse(readText(join(slotOf(home, version), MANIFEST)) ?? ''))
  } catch {
    return undefined
  }
}

/** True when the slot holds these files; others may lie beside them. */
export const holds = (home: string, version: string, files: readonly SlotFile[]): boolean => {
  const there = manifestOf(home, version)?.files ?? {}
  return files.every(({ path, artifact }) => there[path] === artifact.sha256)
}

/** True when the slot holds these files and no others. */
export const holdsOnly = (home: string, version: string, files: readonly SlotFile[]): boolean =>
  holds(home, version, files) && Object.keys(manifestOf(home, version)?.files ?? {}).length === files.length

/**
 * Makes the slot of a version, whole or not at all. Files of the slot `takeOver` that are not named come along. A slot that
 * is in use is not made again: the caller sees to that.
 */
export const makeSlot = async (
  home: string,
  version: string,
  files: readonly SlotFile[],
  { artifacts, takeOver }: { readonly artifacts: Artifacts; readonly takeOver?: string },
  control: ArtifactControl,
): Promise<string> => {
  const made = join(home, 'versions', `.${version}.new`)
  rmSync(made, { recursive: true, force: true })
  mkdirSync(made, { recursive: true, mode: 0o755 })
  const digests: Record<string, string> = {}
  if (takeOver !== undefined) {
    cpSync(slotOf(home, takeOver), made, { recursive: true })
    Object.assign(digests, manifestOf(home, takeOver)?.files)
  }
  for (const { path, artifact, mode } of files) {
    const place = join(made, path)
    mkdirSync(dirname(place), { recursive: true, mode: 0o755 })
    await artifacts.place(artifact, { path: place, mode }, control)
    await syncPath(place)
    digests[path] = artifact.sha256
  }
  return seal(home, made, { version, files: digests })
}

export interface BundleSlot {
  /** Called with the folder when its files are there, before it becomes the slot. */
  readonly ready?: (folder: string) => void
  /** Between any two changes; a test stops there. */
  readonly onStep?: () => void
}

/** The slot of a bundle that lies on this machine: every .mjs of its folder. */
export const makeSlotOf = async (
  home: string,
  version: string,
  folder: string,
  { ready = () => {}, onStep = () => {} }: BundleSlot = {},
): Promise<string> => {
  const made = join(home, 'versions', `.${version}.new`)
  rmSync(made, { recursive: true, force: true })
  mkdirSync(made, { recursive: true, mode: 0o755 })
  for (const name of bundleFiles(folder)) {
    onStep()
    cpSync(join(folder, name), join(made, name))
    await syncPath(join(made, name))
  }
  const files = digestsOf(made)
  writeFileSync(join(made, MANIFEST), JSON.stringify({ version, files }))
  onStep()
  ready(made)
  onStep()
  return seal(home, made, { version, files })
}

/** What lies in the slot is what counts, not what once was put there. */
export const isSlotOf = (home: string, version: string, folder: string): boolean => {
  const slot = slotOf(home, version)
  if (manifestOf(home, version) === undefined || !existsSync(slot)) return false
  const there = digestsOf(slot)
  return Object.entries(digestsOf(folder)).every(([name, digest]) => there[name] === digest)
}

const bundleFiles = (folder: string): string[] => readdirSync(folder).filter((name) => name.endsWith('.mjs'))

const digestsOf = (folder: string): Record<string, string> =>
  Object.fromEntries(bundleFiles(folder).map((name) => [name, sha256(readFileSync(join(folder, name)))]))

/** What was made becomes the slot, in one step. */
const seal = async (home: string, made: string, manifest: Manifest): Promise<string> => {
  const slot = slotOf(home, manifest.version)
  if (currentVersion(home) === manifest.version) throw new Error(`${slot} is in use, and is not written to`)
  writeFileSync(join(made, MANIFEST), JSON.stringify(manifest))
  await syncPath(join(made, MANIFEST))
  await syncPath(made)
  rmSync(slot, { recursive: true, force: true })
  renameSync(made, slot)
  await syncPath(dirname(slot))
  return slot
}

/** Switches to a version in one step; undefined takes the link away. */
export const switchTo = async (home: string, version: string | undefined): Promise<void> => {
  const link = join(home, 'current')
  if (version === undefined) rmSync(link, { force: true })
  else {
    rmSync(`${link}.new`, { force: true })
    symlinkSync(join('versions', version), `${link}.new`)
    renameSync(`${link}.new`, link)
  }
  await syncPath(home)
}

/** Deletes all slots but these. */
export const keepSlots = (home: string, versions: readonly (string | undefined)[]): void => {
  const folder = join(home, 'versions')
  if (!existsSync(folder)) return
  for (const name of readdirSync(folder))
    if (!versions.includes(name)) rmSync(join(folder, name), { recursive: true, force: true })
}

export const syncPath = async (path: string): Promise<void> => {
  const handle = await open(path)
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}
