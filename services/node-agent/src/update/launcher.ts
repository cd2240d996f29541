/**
 * The launcher: a POSIX sh that starts the agent's current version, and the one thing that an update does not replace. It
 * waits, and decides one question: did a version on trial become healthy in time? (0.14 MB of its own, with dash as sh.)
 *
 *   launch <home> <node> [flags of the agent]
 *
 * It ends as the agent ends, so that the service manager decides about restarts; a trial is the exception. The agent's
 * standard input is a pipe that only the launcher holds open: with `--exit-with-parent` no agent survives a launcher that was
 * killed with -9, and the next launcher meets no second agent. Tasks survive both.
 */

import { LEAN_NODE_ENV, LEAN_NODE_FLAGS } from './node-flags.ts'

/** How often a version on trial may be started, should the machine itself go down in between. */
const MOST_STARTS = 3

export const LAUNCHER = `#!/bin/sh
# Written by dunlin-agent install.
home=$1 node=$2
shift 2
cd "$home" || exit 1
pid= stopping= timer=
export DUNLIN_AGENT_HOME="$home"

# Told twice: a child that was only just forked has its parent's traps, and forgets a signal that comes before it runs. A
# leash that is let go of is there to be found.
stop() { stopping=1; [ -z "$pid" ] || { kill -TERM "$pid" 2>/dev/null; exec 3>&-; }; }
trap stop TERM INT HUP

# Flags that keep the agent small; a Node that does not know one of them gets none.
lean="${LEAN_NODE_FLAGS.join(' ')}"
"$node" $lean -e 0 2>/dev/null || lean=
export ${Object.entries(LEAN_NODE_ENV)
  .map(([name, value]) => `${name}=${value}`)
  .join(' ')}

# Held open by this process alone; whoever is started closes its copy.
rm -f leash && mkfifo leash && exec 3<>leash || exit 1

# The trial that was begun here is not decided. A version that has passed may have made room for the next one.
undecided() { [ -f trial ] && read -r _x _n _rest < trial && [ "$_x $_n" = "$execution $attempt" ]; }

in_use() { readlink current | sed 's|.*/||'; }

# Why. The link goes back first: a trial that is found beside another version than its own is over. One that cannot be put
# back, on a full disk, leaves the trial: the next round tries again, and does not keep a version that failed.
revert() {
  if [ -z "$from" ] || [ ! -e "versions/$from/agent.mjs" ]; then
    echo "dunlin launcher: there is nothing to go back to; $(in_use) stays in use" >&2
    rm -f trial starts late
    return
  fi
  rm -f "current.$$"
  ln -s "versions/$from" "current.$$" &&
    { mv -fT "current.$$" current 2>/dev/null || "$node" -e 'require("fs").renameSync(...process.argv.slice(1))' "current.$$" current; }
  if [ "$(in_use)" != "$from" ]; then
    rm -f "current.$$"
    echo "dunlin launcher: could not go back from $to to $from yet" >&2
    sleep 1
    return 1
  fi
  printf '%s %s %s %s %s %s\\n' "$execution" "$attempt" "$from" "$to" "$seconds" "$1" > reverted.tmp &&
    mv -f reverted.tmp reverted
  rm -f trial starts late
  echo "dunlin launcher: went back from $to to $from: $to $1" >&2
}

# Ends the agent when its time is over. Ticks, so that nothing sleeps on for long when it is told to end.
watch_trial() {
  left=$seconds
  while [ "$left" -gt 0 ]; do
    sleep 1
    # Decided, or the launcher itself was killed: its successor watches anew.
    undecided && kill -0 $$ 2>/dev/null || exit 0
    left=$((left - 1))
  done
  # Not ":": a shell ends when a special command cannot write, on a full disk, and nobody would end the agent.
  true > late
  kill -TERM "$1" 2>/dev/null
  sleep 2
  kill -KILL "$1" 2>/dev/null
}

while :; do
  trial= again=
  # Told to end while there was no agent that could be told.
  [ -z "$stopping" ] || exit 0
  if [ -f trial ]; then
    read -r execution attempt from to seconds < trial
    starts=$(($(cat starts 2>/dev/null || echo 0) + 1))
    echo "$starts" > starts
    rm -f late
    if [ "$(in_use)" != "$to" ]; then
      revert "was never switched to" || again=1
    elif [ "$starts" -gt ${MOST_STARTS} ]; then
      revert "was started ${MOST_STARTS} times and did not become healthy" || again=1
    else
      trial=1
    fi
  fi
  [ -z "$again" ] || continue
  "$node" $lean "$home/current/agent.mjs" run "$@" --exit-with-parent < leash 3>&- &
  pid=$!
  [ -z "$stopping" ] || stop
  if [ -n "$trial" ]; then
    watch_trial "$pid" 3>&- &
    timer=$!
  fi
  wait "$pid"
  code=$?
  # A signal interrupts the wait: the agent has been told, and is waited for again.
  while [ "$code" -gt 128 ] && kill -0 "$pid" 2>/dev/null; do
    wait "$pid"
    code=$?
  done
  pid=
  [ -z "$timer" ] || kill "$timer" 2>/dev/null
  timer=
  [ -z "$stopping" ] || exit "$code"
  if [ -n "$trial" ] && undecided; then
    if [ -f late ]; then
      revert "did not become healthy within $seconds s"
    else
      revert "ended with code $code before it was healthy"
    fi
  elif [ ! -f trial ]; then
    exit "$code"
  fi
done
`
