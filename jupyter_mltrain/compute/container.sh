# PID 1 of a run's container: starts the script, passes signals on, enforces the time limit with
# nobody else alive, leaves no process behind, and writes down how it ended. For any POSIX shell;
# of other programs it makes use of sleep, tail and chown where they are.
#
#   sh container.sh CONTROL LOG TIMEOUT GRACE OWNER PROGRAM [ARGUMENT]...
#
# CONTROL  folder of exit.json, which is there already, as long as it can get
# LOG      takes stdout and stderr; "-": this shell's stdout does, and its stderr the journal
# GRACE    in tenths of a second, from the request to stop until everything is killed
# OWNER    uid:gid that everything in the run's folder is given to at the end, or "-"
#
# USR1 ends it as over its time, USR2 as cancelled, TERM as by somebody else.

[ "$$" = 1 ] || exit 125 # or `kill -1` would hit the processes of others

# A function: a shell reads its file bit by bit, and this one may be deleted meanwhile.
main() {
  control=$1 log=$2 timeout=$3 grace=$4 owner=$5
  shift 5
  cause='' stopping='' ready='' leftovers=0 timer='' killer='' helper=''
  trap 'stop timeout' USR1
  trap 'stop cancel' USR2
  trap 'stop ""' TERM

  if ! [ -x "$1" ]; then
    cause=start
    record 127
  fi
  if [ "$log" = - ]; then
    tail -c +1 -f "${control%/*}/journal.jsonl" >&2 2>/dev/null &
    helper=$!
    run "$@" 2>&1 &
  else
    run "$@" >>"$log" 2>&1 &
  fi
  script=$!
  # What a shell says of a script that was killed is no line of the journal.
  exec 2>/dev/null
  (sleep "$timeout" && kill -s USR1 1) 2>/dev/null &
  timer=$!
  # Only from here on may a signal start something, or $! above would be that.
  ready=yes
  [ -z "$stopping" ] || end_all

  code=''
  while :; do
    asked=''
    wait "$script"
    now=$?
    # 127 of a second `wait`: the first one did see the end, just before a signal came.
    [ "$now" = 127 ] && [ -n "$code" ] || code=$now
    [ -n "$asked" ] || break # otherwise it was a signal that ended `wait`
  done
  clear_up
  record "$code"
}

# When memory is out, the kernel is to choose the script, not this shell.
run() {
  { echo 300 >/proc/self/oom_score_adj; } 2>/dev/null
  exec "$@" </dev/null
}

stop() {
  asked=yes
  [ -z "$stopping" ] || return 0
  stopping=yes cause=$1
  [ -z "$ready" ] || end_all
}

end_all() {
  [ -z "$killer" ] || return 0
  kill -s TERM -- -1
  (
    sleep "$((grace / 10)).$((grace % 10))"
    kill -s KILL -- -1
  ) &
  killer=$!
} 2>/dev/null

# Ends what the script has left, when the grace is over that it has, or two seconds.
clear_up() {
  count_others
  [ "$left" -gt 0 ] || return 0
  patience=$grace
  if [ -z "$stopping" ]; then
    leftovers=$left patience=20
    kill -s TERM -- -1
  fi
  while [ "$left" -gt 0 ] && [ "$patience" -gt 0 ]; do
    sleep 0.1 || break
    patience=$((patience - 1))
    count_others
  done
  kill -s KILL -- -1
} 2>/dev/null

# Sets `left` to the number of processes besides this one and its helpers; zombies are none.
count_others() {
  left=0
  for entry in /proc/[0-9]*; do
    case ${entry#/proc/} in 1 | "$timer" | "$killer" | "$helper") continue ;; esac
    read -r line <"$entry/stat" || continue
    # shellcheck disable=SC2086 - the words are wanted: state, parent …
    set -- ${line##*) }
    case $1 in Z | X) continue ;; esac
    case $2 in "$timer" | "$killer") continue ;; esac
    left=$((left + 1))
  done
} 2>/dev/null

# Writes how it ended over what is in exit.json, which a full disk does not prevent, and ends.
record() {
  [ -z "$helper" ] || kill "$helper"
  [ "$owner" = - ] || chown -R "$owner" "${control%/*}"
  groups=/sys/fs/cgroup # version 2, or else 1
  look_up usage_usec "$groups/cpu.stat" && value=${value}000 ||
    read -r value <"$groups/cpuacct/cpuacct.usage"
  cpu_ns=${value:-0}
  look_up oom_kill "$groups/memory.events" || look_up oom_kill "$groups/memory/memory.oom_control"
  printf '{"code":%d,"cause":"%s","leftovers":%d,"cpu_ns":%d,"oom_kills":%d}' \
    "$1" "$cause" "$leftovers" "$cpu_ns" "${value:-0}" 1<>"$control/exit.json"
  exit "$1"
} 2>/dev/null

# Sets `value` to what follows a word at the beginning of a file's line.
look_up() {
  while read -r word value; do
    [ "$word" != "$1" ] || return 0
  done <"$2"
  value=''
  return 1
}

main "$@"
