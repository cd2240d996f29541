/**
 * The shim: one POSIX sh per task that outlives the agent, records who runs and how it ended. It leads a process group
 * of its own; the command runs in the foreground of it, so that no signal disposition is changed for the command.
 *
 * Files in the task's directory. Each is one short line in one write, whole when it ends with a newline: a rename would
 * cost a process each, which is most of the time that a start takes.
 *   claim.<attempt>   made by the first shim of an attempt; a second one for the same attempt ends at once
 *   pid   "<attempt> <pid> <start ticks> <boot id> <shim pid> <shim start ticks>"
 *   exit  "<attempt> <code>"
 * Only the command joins the task's control groups: the shim must outlive their end to tell of it. What becomes the command
 * is a fork of the shim and no second sh, which would have to be started first; its own number, which `$$` does not
 * tell there, stands in /proc. Variables are prefixed because the task's own environment is the shim's environment.
 */

/** The script stands in this variable of the shim, so that lists of processes stay legible; the command does not get it. */
export const SHIM_VARIABLE = '_dn_shim'
export const RUN_SHIM = `eval "$${SHIM_VARIABLE}"`

/** $1 directory, $2 attempt, $3 working directory, $4 umask or -, $5 boot id, $6 how many control groups, those, then the command. */
export const SHIM = `
unset ${SHIM_VARIABLE}
_dn_dir=$1 _dn_try=$2 _dn_cwd=$3 _dn_mask=$4 _dn_boot=$5 _dn_groups=$6
shift 6
set -C
true 2>/dev/null > "$_dn_dir/claim.$_dn_try" || exit 0
set +C
_dn_start() {
  set -- \${_dn_stat##*) }
  _dn_parent=\${2:--}
  if [ $# -gt 19 ]; then shift 19; fi
  _dn_ticks=\${1:--}
}
trap : TERM INT HUP QUIT USR1 USR2 PIPE ALRM
(
  read -r _dn_stat < /proc/self/stat || exit 70
  _dn_start
  _dn_pid=\${_dn_stat%% *} _dn_own=$_dn_ticks
  # The shim was killed before its fork began: whoever adopted it must not be taken for the leader of the group.
  [ "$_dn_parent" = "$$" ] || exit 70
  read -r _dn_stat < "/proc/$$/stat" || _dn_stat=
  _dn_start
  printf '%s %s %s %s %s %s\\n' "$_dn_try" "$_dn_pid" "$_dn_own" "$_dn_boot" $$ "$_dn_ticks" > "$_dn_dir/pid" || exit 70
  while [ "$_dn_groups" -gt 0 ]; do
    echo 0 > "$1/cgroup.procs" || exit 70
    shift
    _dn_groups=$((_dn_groups - 1))
  done
  [ "$_dn_mask" = - ] || umask "$_dn_mask" || exit 70
  cd "$_dn_cwd" || exit 70
  unset _dn_dir _dn_try _dn_cwd _dn_stat _dn_ticks _dn_own _dn_pid _dn_parent _dn_boot _dn_mask _dn_groups
  exec "$@"
) </dev/null >>"$_dn_dir/logs/stdout" 2>>"$_dn_dir/logs/stderr"
_dn_code=$?
printf '%s %s\\n' "$_dn_try" "$_dn_code" > "$_dn_dir/exit"
exit 0
`
