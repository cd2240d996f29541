// Debian's and Ubuntu's package: older, but the project runs on it.
import { onPath } from '../on-path.ts'
import { runCommand } from './run-command.ts'

export async function aptInstall(
  env: Readonly<Record<string, string | undefined>>,
  say: (line: string) => void,
  isRoot = process.getuid?.() === 0,
): Promise<{ path: string } | { problem: string }> {
  if (!isRoot) return { problem: 'only as root' }
  const apt = onPath('apt-get', env['PATH'] ?? '')
  if ('problem' in apt) return { problem: 'no apt-get here' }
  say('apt-get: installing the package nats-server')
  const args = ['install', '-y', '--no-install-recommends', 'nats-server']
  const quiet = { ...env, DEBIAN_FRONTEND: 'noninteractive' }
  const install = () => runCommand(apt.path, args, { timeoutMs: 180_000, env: quiet })
  let installed = await install()
  if (!installed.ok) {
    // A fresh image has no package lists.
    const updated = await runCommand(apt.path, ['update'], { timeoutMs: 60_000, env: quiet })
    if (!updated.ok) return { problem: updated.problem }
    installed = await install()
  }
  if (!installed.ok) return { problem: installed.problem }
  // The package puts it into /usr/sbin, which is not on everybody's PATH.
  return onPath('nats-server', `${env['PATH'] ?? ''}:/usr/sbin`)
}
