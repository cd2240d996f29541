/**
 * `launched` in a task's directory: on the disk before the command of an attempt runs. The shim's claim is not: after a cut of
 * the power it may be gone although the command has run. Where that must not happen twice, this remembers it.
 */
import { join } from 'node:path'
import { bootId } from './proc.ts'
import { readText, writeDurably } from './task-dir.ts'

const fileOf = (dir: string): string => join(dir, 'launched')

export const noteLaunch = (dir: string, attempt: number): void => writeDurably(fileOf(dir), `${attempt} ${bootId()}\n`)

/** The attempt was launched before this machine was started: whether its command ran, nobody can know any more. */
export const launchedInEarlierBoot = (dir: string, attempt: number): boolean => {
  const [launched, boot] = readText(fileOf(dir))?.trim().split(' ') ?? []
  return launched === String(attempt) && boot !== undefined && boot !== bootId()
}
