/** The service of the agent as a systemd unit. */

export interface UnitOptions {
  readonly user: string
  readonly dataDir: string
  /** Where slots and launcher lie. */
  readonly home: string
  readonly nodePath: string
  /** Of the agent, besides its data directory. */
  readonly flags: readonly string[]
  /** Folders beside the data directory that it must be able to write to. */
  readonly writable: readonly string[]
}

/** As systemd reads a command line: quoted where needed, with no specifier and no variable in it. */
export const quoted = (word: string): string => {
  const literal = word.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('%', '%%').replaceAll('$', '$$$$')
  return /^[\w@%+=:,./$-]+$/.test(literal) ? literal : `"${literal}"`
}

/** A path that is not there yet must not keep the service from starting. */
const writablePath = (path: string): string => `-${path.replaceAll('%', '%%').replaceAll(' ', '\\x20')}`

export const unitText = ({ user, dataDir, home, nodePath, flags, writable }: UnitOptions): string => {
  const command = [`${home}/launch`, home, nodePath, '--data-dir', dataDir, ...flags].map(quoted).join(' ')
  const isRoot = user === 'root'
  return `# Written by dunlin-agent install; run it again to change it.
[Unit]
Description=Dunlin agent: makes this node what its desired document says
After=network-online.target
Wants=network-online.target
# An edge node has nobody to start it again: it never gives up.
StartLimitIntervalSec=0

[Service]
Type=exec
User=${user}
ExecStart=${command}
Restart=always
RestartSec=2
# Tasks outlive the agent, its updates and its crashes: only the launcher is told to stop.
KillMode=process
TimeoutStopSec=25
# Limits of tasks are control groups below the service's own, beside the agent's. Before systemd 254 the second line is
# ignored: tasks are then contained, and not limited.
Delegate=yes
DelegateSubgroup=agent
# A task that runs out of memory ends alone.
OOMPolicy=continue
LimitNOFILE=65536
# No socket is listened on: the agent connects to its server, and that is all.
# ${isRoot ? 'As root, so that config jobs may set owners and processes their users.' : 'Neither the agent nor a task may become more than its user.'}
${isRoot ? '' : 'NoNewPrivileges=yes\n'}ProtectSystem=full
ReadWritePaths=${[dataDir, ...writable].map(writablePath).join(' ')}
ProtectClock=yes
ProtectKernelModules=yes
ProtectKernelLogs=yes
LockPersonality=yes

[Install]
WantedBy=multi-user.target
`
}
