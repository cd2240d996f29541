/**
 * What a config task must not forget, in files that are whole or not there:
 *   <task>/config/intent.json   a change under way, with everything that undoes it
 *   <task>/config/applied.json  what lies there since the change was done
 *   <state>/config.json         what lay there before the job came, for `on_remove: restore`
 */
import { configConfigSchema } from '@dunlin/contracts/agent'
import { mkdirSync, rmSync } from 'node:fs'
import { open, rename } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import * as z from 'zod/mini'
import { readText } from '../task-dir.ts'
import { foundSchema, sync } from './found.ts'

const changeSchema = z.object({
  path: z.string(),
  before: foundSchema,
  /** Folders that were not there, outermost first. */
  folders: z.array(z.string()),
})
export type Change = z.output<typeof changeSchema>

const intentSchema = z.object({
  attempt: z.int(),
  /** Whoever reads the files may know the new ones: after an undo it is told again. */
  reloading: z.boolean(),
  reload: configConfigSchema.shape.reload,
  job: z.object({ namespace: z.string(), name: z.string() }),
  stateDir: z.string(),
  changes: z.array(changeSchema),
  /** Paths that the job no longer names: they get back what lay there before it. */
  leaving: z.array(z.string()),
})
export type Intent = z.output<typeof intentSchema>

const appliedFileSchema = z.object({
  path: z.string(),
  sha256: z.string(),
  mode: z.int(),
  uid: z.int(),
  gid: z.int(),
})
export type AppliedFile = z.output<typeof appliedFileSchema>

const appliedSchema = z.object({
  attempt: z.int(),
  files: z.array(appliedFileSchema),
  /** Files were corrected and their reader has not been told yet. */
  reloadDue: z.boolean(),
})
export type Applied = z.output<typeof appliedSchema>

const originalsSchema = z.record(z.string(), changeSchema)
export type Originals = z.output<typeof originalsSchema>

const configDir = (taskDir: string): string => join(taskDir, 'config')
export const stagedDir = (taskDir: string): string => join(configDir(taskDir), 'staged')
export const previousDir = (taskDir: string): string => join(configDir(taskDir), 'previous')
export const originalsDir = (stateDir: string): string => join(stateDir, 'originals')

const intentFile = (taskDir: string): string => join(configDir(taskDir), 'intent.json')
const appliedFile = (taskDir: string): string => join(configDir(taskDir), 'applied.json')
const originalsFile = (stateDir: string): string => join(stateDir, 'config.json')

const parse = <T>(
  path: string,
  schema: { safeParse(value: unknown): { success: boolean; data?: T } },
): T | undefined => {
  try {
    return schema.safeParse(JSON.parse(readText(path) ?? '')).data
  } catch {
    return undefined
  }
}

/** Unlike other files of a task these must survive a power cut: they say what to put back. */
const writeDurably = async (path: string, value: unknown): Promise<void> => {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 })
  const handle = await open(`${path}.tmp`, 'w', 0o600)
  try {
    await handle.writeFile(JSON.stringify(value))
    await handle.sync()
  } finally {
    await handle.close()
  }
  await rename(`${path}.tmp`, path)
  await sync(dirname(path))
}

export const readIntent = (taskDir: string): Intent | undefined => parse(intentFile(taskDir), intentSchema)
export const writeIntent = (taskDir: string, intent: Intent): Promise<void> => writeDurably(intentFile(taskDir), intent)
export const dropIntent = (taskDir: string): void => rmSync(intentFile(taskDir), { force: true })

export const readApplied = (taskDir: string): Applied | undefined => parse(appliedFile(taskDir), appliedSchema)
export const writeApplied = (taskDir: string, applied: Applied): Promise<void> =>
  writeDurably(appliedFile(taskDir), applied)
export const dropApplied = (taskDir: string): void => rmSync(appliedFile(taskDir), { force: true })

export const readOriginals = (stateDir: string): Originals => parse(originalsFile(stateDir), originalsSchema) ?? {}
export const writeOriginals = (stateDir: string, originals: Originals): Promise<void> =>
  writeDurably(originalsFile(stateDir), originals)
