// Runs one step to its end, its output visible, and counts it.
import { spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { countReport, none, type Verdict } from './counts.ts'
import type { Step } from './steps.ts'

export interface StepContext {
  readonly root: string
  readonly env: Readonly<Record<string, string | undefined>>
  readonly vitestArgs: readonly string[]
  /** Aborted when the person wants to stop. */
  readonly signal: AbortSignal
}

export async function runStep(step: Step, context: StepContext): Promise<Verdict> {
  if (step.kind === 'project') return runProject(step.name, context)
  const code = await run(step.command, context)
  return { counts: code === 0 ? { ...none, passed: 1 } : { ...none, failed: 1 } }
}

async function runProject(name: string, context: StepContext): Promise<Verdict> {
  const folder = mkdtempSync(join(tmpdir(), 'dunlin-test-'))
  const reportFile = join(folder, 'report.json')
  const filtered = context.vitestArgs.length > 0
  try {
    const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${reportFile}`]
    const filter = filtered ? ['--passWithNoTests', ...context.vitestArgs] : []
    const code = await run(['vitest', 'run', '--project', name, ...reporters, ...filter], context)
    return countReport(readIfThere(reportFile), code, filtered)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

function readIfThere(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return undefined
  }
}

/** @returns the exit code, null when a signal ended it or it could not be started */
function run([program, ...args]: readonly string[], { root, env, signal }: StepContext): Promise<number | null> {
  const bin = join(root, 'node_modules', '.bin')
  return new Promise((resolve) => {
    if (signal.aborted) return resolve(null)
    const child = spawn(join(bin, program ?? ''), args, {
      cwd: root,
      stdio: 'inherit',
      env: { ...env, PATH: `${bin}${delimiter}${env['PATH'] ?? ''}` },
    })
    const stop = (): void => void child.kill('SIGTERM')
    signal.addEventListener('abort', stop, { once: true })
    child.once('error', (error) => {
      process.stderr.write(`${program}: ${error.message}\n`)
      resolve(null)
    })
    child.once('exit', (code) => {
      signal.removeEventListener('abort', stop)
      resolve(code)
    })
  })
}
