/** A folder in memory where the machine has one: tests of what stands in files need no disk that says "synced". */
import { existsSync, mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

export const makeFastDir = (): string =>
  mkdtempSync(join(existsSync('/dev/shm') ? '/dev/shm' : tmpdir(), 'dunlin-agent-'))
