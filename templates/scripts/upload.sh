#!/bin/sh
# Container of a backup Job: uploads what backup.mjs archived, reads it back, and prunes old backups
# that were scheduled. The manifest goes last: what has none in the bucket is no backup.
#
# The last word in the Pod's status is {"bytes", "sha256"} of the archive; where it prunes also
# "pruned", the number of backups that went, and "pruneFailed": true when not all could go.
set -eu

here=$(dirname "$0")
. "$here/store.sh"
path=${BACKUP_PATH:-}
id=${path##*/}
days=${BACKUP_RETENTION_DAYS:-}
limit=${BACKUP_HISTORY_LIMIT:-}
from=${OPENCLAW_STATE_DIR:-}/.snapshots/.upload/$id

# Of names with their time: those below the newest `limit` whole ones, and those older than `oldest`.
# What has no manifest takes no place among them, or failures would push out all that is good.
doomed() {
  sed -n 's|^\([0-9]\{8\}T[0-9]\{6\}Z-scheduled\)/|\1 |p' | sort -r |
    awk -v own="$id" -v limit="${limit:-1000000}" -v oldest="$1" '
      $2 == "manifest.json" { whole[$1] = 1 }
      !($1 in seen) { seen[$1] = 1; order[++n] = $1 }
      END { for (i = 1; i <= n; i++) {
        name = order[i]
        if (name != own && (kept >= limit || name < oldest)) print name, (name in whole) + 0
        else if (name in whole) kept++
      } }'
}

# The time of this backup less the days, as an id begins with it. No clock is asked: one that is
# wrong would make every backup old.
oldest() {
  if [ -z "$days" ]; then return; fi
  now=$(printf '%s' "$id" | sed 's/^\(....\)\(..\)\(..\)T\(..\)\(..\)\(..\).*/\1-\2-\3 \4:\5:\6/')
  now=$(date -u -d "$now" +%s) || return 1
  date -u -d "@$((now - days * 86400))" +%Y%m%dT%H%M%SZ
}

remove_backup() {
  # Its manifest first: what is removed in part must not look like a backup.
  if [ "$2" = 1 ]; then quick deletefile -- "$1/manifest.json" || return 1; fi
  quick purge -- "$1" || [ $? -eq 3 ]
}

prune() {
  case $days$limit in *[!0-9]*) warn "nothing is pruned: \`$days\` and \`$limit\` are no numbers"; return 1 ;; esac
  if [ "${days:-1}" -eq 0 ] || [ "${limit:-1}" -eq 0 ]; then warn 'nothing is pruned: a limit is 0'; return 1; fi
  parent=${remote%/*}
  names=$(listing -R --files-only -- "$parent") || { warn "nothing is pruned, the bucket cannot be listed: $(why)"; return 1; }
  since=$(oldest) || { warn "nothing is pruned: $id has no time"; return 1; }
  all=0
  printf '%s\n' "$names" | doomed "$since" > "$tmp/doomed"
  while read -r name whole; do
    if remove_backup "$parent/$name" "$whole"; then
      pruned=$((pruned + 1))
    else
      warn "$name cannot be pruned: $(why)"
      all=1
      # The Job must end before its deadline, or what is stored counts as failed.
      case $code in 124|143) break ;; esac
    fi
  done < "$tmp/doomed"
  return "$all"
}

# A manifest that may be damaged must not stay.
withdraw() {
  said=$(why)
  quick deletefile -- "$remote/manifest.json" || :
  fail "$1: ${2:-$said}"
}

send_archive() {
  store copyto -- "$from/archive.tar.gz" "$remote/archive.tar.gz" || fail "the archive cannot be uploaded: $(why)"
  rm -f "$tmp/unread"
  { store cat -- "$remote/archive.tar.gz" || true > "$tmp/unread"; } | sha256sum > "$tmp/sum"
  if [ -e "$tmp/unread" ]; then fail "the archive cannot be read back: $(why)"; fi
  if [ "$(cat "$tmp/sum")" != "$sum  -" ]; then fail 'the archive in the bucket is not what was uploaded: its SHA-256 differs'; fi
}

send_manifest() {
  quick copyto -- "$from/manifest.json" "$remote/manifest.json" || withdraw 'the manifest cannot be uploaded'
  quick cat -- "$remote/manifest.json" > "$tmp/manifest.json" || withdraw 'the manifest cannot be read back'
  cmp -s "$from/manifest.json" "$tmp/manifest.json" || withdraw 'the manifest in the bucket is not what was uploaded' 'it differs'
}

if ! printf '%s' "$path" | grep -Eqx 'openclaw/[^/]+/[^/]+/[0-9]{8}T[0-9]{6}Z-(scheduled|demanded|update|deletion)'; then
  fail "BACKUP_PATH \`$path\` is no path of a backup"
fi
for name in archive.tar.gz manifest.json; do
  if [ ! -f "$from/$name" ]; then fail "the volume holds no $name of $id"; fi
done
sum=$(archive_sum "$from/manifest.json")
if [ -z "$sum" ]; then fail "the manifest of $id names no archive"; fi
bytes=$(wc -c < "$from/archive.tar.gz" | tr -d ' ')
open_store
remote=store:$bucket/$path
held=$(listing -- "$remote") || fail "the bucket cannot be listed: $(why)"
if [ -n "$held" ]; then fail "$path is taken in the bucket; it is left as it is"; fi
send_archive
send_manifest
# Said before the rest, which changes nothing about it.
stored="\"bytes\":$bytes,\"sha256\":\"$sum\""
last_word "{$stored}"
rm -rf "$from" || warn "$from cannot be removed"
if [ -n "$days$limit" ]; then
  pruned=0
  failed=
  prune || failed=',"pruneFailed":true'
  last_word "{$stored,\"pruned\":$pruned$failed}"
fi
