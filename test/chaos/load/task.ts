/**
 * The task of a chaos job writes down by itself what happens to it: the only witness that has no part in Dunlin. One line
 * per fact is appended to its node's ledger:
 *   start <execution> <attempt> <job> <mark>
 *   exit <execution> <attempt> <code>
 *   overlap <execution> <attempt> <job> <who held the lock>
 * A lock per node and job is held by the task and, through the inherited descriptor, by every child of it, so that a child
 * that is left over is seen as well. The kernel frees it with the last of them.
 */
export type Behaviour =
  /** Runs until it is told to end. */
  | 'keeps'
  /** The same, but takes a while to end. */
  | 'lingers'
  /** Does not end when it is asked to, and has a child that left its process group. */
  | 'resists'
  /** Ends by itself with code 1. */
  | 'crashes'
  /** Ends by itself with code 0. */
  | 'completes'

export const TASK_SCRIPT = `
x=$DUNLIN_EXECUTION a=$DUNLIN_ATTEMPT
node=\${HOME%/tasks/*}
say() { echo "$@" >> "$LEDGER/\${node##*/}"; }
exec 9>>"$node/$DUNLIN_JOB.lock"
if ! flock -n 9; then read -r held < "$node/$DUNLIN_JOB.owner"; say overlap $x $a $DUNLIN_JOB $held; fi
echo "$x/$a" > "$node/$DUNLIN_JOB.owner"
end() { kill $c 2>/dev/null; [ $MODE = lingers ] && sleep 0.15; say exit $x $a 0; exit 0; }
c=
trap end TERM
say start $x $a $DUNLIN_JOB $MARK
case $MODE in
resists) trap '' TERM; setsid sleep 600 & ;;
crashes) sleep 0.2; say exit $x $a 1; exit 1 ;;
completes) sleep 0.1; say exit $x $a 0; exit 0 ;;
esac
sleep 600 & c=$!
wait $c
say exit $x $a 7
exit 7
`
