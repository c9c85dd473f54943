# What the parts of the bed share: where things lie, starting and stopping by pid, waiting.
# shellcheck shell=bash disable=SC2034 # the parts use the variables

# Everything that the bed builds, keyed by version, and `run` with all that a running bed
# writes. The folder is outside the checkout, so clones share it.
bed=${OPENCLAW_BED:-${XDG_CACHE_HOME:-$HOME/.cache}/openclaw-bed}
run=$bed/run
bin=$bed/bin

bridge=ocbed0
gateway=10.244.0.1
pods=10.244.0.0/16
node=bed

apiserver=127.0.0.1:16443
etcd=127.0.0.1:12379
registry=127.0.0.1:15000
git_http=$gateway:13000
git_ssh=$gateway:13022
s3=$gateway:17070
redis=127.0.0.1:16379
repo_server=127.0.0.1:18081

git_user=git
git_password=bed-password
s3_key=bed-access-key
s3_secret=bed-secret-key
s3_bucket=backups

say() { echo "bed: $*" >&2; }
fail() {
  say "$*"
  return 1
}

# since SECONDS: how long ago, in seconds.
since() { echo $((SECONDS - $1)); }

# start_of PID: when the process was started, which tells it from a later one of that number.
start_of() { awk '{ sub(/.*\) /, ""); print $20 }' "/proc/$1/stat" 2>/dev/null; }

# lives NAME: whether the process that `spawn NAME` started still runs.
lives() {
  local pid start
  if ! [ -e "$run/$1.pid" ]; then return 1; fi
  read -r pid start <"$run/$1.pid"
  [ "$(start_of "$pid")" = "$start" ]
}

# spawn NAME COMMAND...: starts a process in a session of its own; it outlives this script
# and writes to logs/NAME.
spawn() {
  local name=$1 pid
  shift
  if lives "$name"; then return; fi
  setsid "$@" >>"$run/logs/$name" 2>&1 </dev/null 9>&- &
  pid=$!
  disown "$pid"
  echo "$pid $(start_of "$pid")" >"$run/$name.pid"
}

# stop NAME [SECONDS]: asks the process to end, and kills its session when it does not.
stop() {
  local pid start left=$((${2:-10} * 10))
  if lives "$1"; then
    read -r pid start <"$run/$1.pid"
    kill "$pid" 2>/dev/null || true
    while lives "$1" && [ "$left" -gt 0 ]; do
      sleep 0.1
      left=$((left - 1))
    done
    if lives "$1"; then kill -9 -- "-$pid" 2>/dev/null || kill -9 "$pid" 2>/dev/null || true; fi
  fi
  rm -f "$run/$1.pid"
}

# wait_for SECONDS NAME COMMAND...: until the command succeeds; NAME is the process that is
# to live meanwhile.
wait_for() {
  local left=$(($1 * 5)) name=$2
  shift 2
  until "$@" >/dev/null 2>&1; do
    left=$((left - 1))
    if ! lives "$name"; then
      tail -n 15 "$run/logs/$name" >&2
      fail "$name ended, see above and $run/logs/$name"
      return 1
    fi
    if [ "$left" -le 0 ]; then
      tail -n 15 "$run/logs/$name" >&2
      fail "$name is not ready: $*"
      return 1
    fi
    sleep 0.2
  done
}

# The cluster as its administrator.
kc() { "$OPENCLAW_TOOLS_KUBECTL" --kubeconfig "$run/pki/admin.kubeconfig" "$@"; }

# packages COMMAND=PACKAGE...: installs Debian's package of each command that is not there.
packages() {
  local each missing=()
  for each in "$@"; do
    if ! [ -e "${each%%=*}" ] && ! command -v "${each%%=*}" >/dev/null; then missing+=("${each#*=}"); fi
  done
  if [ ${#missing[@]} -eq 0 ]; then return; fi
  if ! command -v apt-get >/dev/null; then
    fail "needs the Debian packages ${missing[*]}, and there is no apt-get here"
    return 1
  fi
  if [ "$(id -u)" -ne 0 ]; then
    fail "needs root to install ${missing[*]}"
    return 1
  fi
  say "installs ${missing[*]}"
  export DEBIAN_FRONTEND=noninteractive
  mkdir -p "$bed/log"
  # No service may start: the bed starts its own.
  printf '#!/bin/sh\nexit 101\n' >"$bed/policy-rc.d"
  chmod +x "$bed/policy-rc.d"
  if [ -e /usr/sbin/policy-rc.d ]; then
    apt_get "${missing[@]}"
  else
    cp "$bed/policy-rc.d" /usr/sbin/policy-rc.d
    apt_get "${missing[@]}" || { rm -f /usr/sbin/policy-rc.d; return 1; }
    rm -f /usr/sbin/policy-rc.d
  fi
}

apt_get() {
  local lock
  exec {lock}>"$bed/.lock-packages"
  flock "$lock"
  # Closed by whoever opened it: the same process may come here again, and would wait for itself.
  { apt-get update -q && apt-get install -q -y --no-install-recommends "$@"; } \
    >"$bed/log/packages" 2>&1 || { tail -n 15 "$bed/log/packages" >&2; exec {lock}>&-; fail "apt-get failed"; }
  exec {lock}>&-
}

# made FOLDER COMMAND...: runs the command in an empty folder, which becomes FOLDER when it
# succeeds. A folder that is there is complete and is left alone.
made() {
  local folder=$1 started=$SECONDS work log lock
  shift
  if [ -e "$folder" ]; then return; fi
  mkdir -p "$bed/log" "${folder%/*}"
  # Two parts may want the same.
  exec {lock}>"$bed/log/${folder##*/}.lock"
  flock "$lock"
  if [ -e "$folder" ]; then
    exec {lock}>&-
    return
  fi
  work=$bed/.building.$$.${folder##*/}
  log=$bed/log/${folder##*/}
  rm -rf "$work"
  mkdir "$work"
  say "builds ${folder##*/}"
  # A process of its own: `set -e` counts for nothing below an `if`.
  if ! (cd "$work" && exec "$here/bed" --do "$@") >"$log" 2>&1 </dev/null; then
    tail -n 15 "$log" >&2
    rm -rf "$work"
    fail "${folder##*/} could not be built, see above and $log"
    return 1
  fi
  mv "$work" "$folder"
  exec {lock}>&-
  say "built ${folder##*/} in $(since "$started") s"
}

# hash_of FILE...: names a content.
hash_of() { (cd "$here" && find "$@" -type f | sort | xargs sha256sum | sha256sum | cut -c1-12); }
