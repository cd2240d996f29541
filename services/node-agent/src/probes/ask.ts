/** Asks one probe once. A probe that cannot be asked has failed; the message never tells what the task answered. */
import type { Driver, Task } from '../drivers/driver.ts'
import type { ProbeRule } from './rules.ts'

export interface Answer {
  readonly ok: boolean
  readonly message: string
}

export interface Asked {
  readonly task: Task
  readonly driver: Driver
  readonly signal: AbortSignal
}

export const askProbe = async ({ way, timeoutMs }: ProbeRule, asked: Asked): Promise<Answer> => {
  const late = AbortSignal.timeout(timeoutMs)
  const signal = AbortSignal.any([late, asked.signal])
  try {
    if (way.exec) return await askCommand(way.exec.command, timeoutMs, asked)
    if (way.http) return await askHttp(way.http, signal)
    if (way.tcp) return await askTcp(way.tcp, signal)
    return { ok: false, message: 'says nothing to probe' }
  } catch (error) {
    if (late.aborted) return { ok: false, message: `no answer within ${timeoutMs} ms` }
    return { ok: false, message: error instanceof Error ? error.message : String(error) }
  }
}

const askCommand = async (command: readonly string[], timeoutMs: number, asked: Asked): Promise<Answer> => {
  const { driver, task, signal } = asked
  if (!driver.exec) return { ok: false, message: `jobs of type ${driver.type} run no commands inside` }
  const { code, output } = await driver.exec(task, command, { timeoutMs, signal })
  if (code === 0) return { ok: true, message: 'exit code 0' }
  return { ok: false, message: code === null ? output : `exit code ${code}` }
}

type HttpWay = NonNullable<ProbeRule['way']['http']>

/** Redirects are answers like any other: nothing is followed. The body is not read. */
const askHttp = async ({ url, headers, expected_status }: HttpWay, signal: AbortSignal): Promise<Answer> => {
  const { request } = url.startsWith('https:') ? await import('node:https') : await import('node:http')
  const status = await new Promise<number>((resolve, reject) => {
    const question = request(
      url,
      { headers: { ...headers, connection: 'close' }, signal, agent: false },
      (response) => {
        resolve(response.statusCode ?? 0)
        response.destroy()
      },
    )
    question.on('error', reject)
    question.end()
  })
  const ok = expected_status ? expected_status.includes(status) : status >= 200 && status < 400
  return { ok, message: `status ${status}` }
}

const askTcp = async (
  { host = '127.0.0.1', port }: { readonly host?: string | undefined; readonly port: number },
  signal: AbortSignal,
): Promise<Answer> => {
  const { connect } = await import('node:net')
  await new Promise<void>((resolve, reject) => {
    const socket = connect({ host, port, signal })
    socket.once('connect', () => {
      socket.destroy()
      resolve()
    })
    socket.once('error', reject)
  })
  return { ok: true, message: 'connected' }
}
