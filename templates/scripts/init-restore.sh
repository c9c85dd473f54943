#!/bin/sh
# Init container: fetches the backup that restore-from names, once: an archive with its manifest, or
# a plain tree. It is laid beside the state and swapped in by init-config, so a start that is killed
# leaves the old state or the new one.
set -eu

here=$(dirname "$0")
. "$here/store.sh"
state=${OPENCLAW_STATE_DIR:?}
path=$(cat "$here/restore-from")
incoming=$state/.snapshots/incoming

# Looked at before the credentials: a Pod that was restored long ago starts without them.
if [ "$(cat "$state/.openclaw-restored" 2>/dev/null)" = "$path" ]; then exit 0; fi
if [ "$(cat "$incoming/complete" 2>/dev/null)" = "$path" ]; then exit 0; fi

open_store
remote=store:$bucket/$path
unread="$path cannot be read from the bucket"
if [ -d "$incoming" ]; then
  # An archive that was unpacked in part may have left directories that are read-only.
  find "$incoming" -type d -exec chmod u+rwx {} \;
  rm -rf "$incoming"
fi
mkdir -p "$incoming/files"

names=$(listing --files-only -- "$remote") || fail "$unread: $(why)"
has() { printf '%s\n' "$names" | grep -qx "$1"; }

if has manifest.json && has 'archive\.tar\.gz'; then
  for name in manifest.json archive.tar.gz; do
    store copyto -- "$remote/$name" "$incoming/$name" || fail "$unread: $(why)"
  done
  sum=$(archive_sum "$incoming/manifest.json")
  if [ -z "$sum" ] || [ "$(sha256sum < "$incoming/archive.tar.gz")" != "$sum  -" ]; then
    fail "the archive of $path does not match its manifest"
  fi
elif [ "$names" = archive.tar.gz ]; then
  fail "$path is no whole backup: it has no manifest"
else
  store copy -- "$remote" "$incoming/files" || fail "$unread: $(why)"
  store check --one-way -- "$remote" "$incoming/files" || fail "$path does not match its copy: $(why)"
  if [ -z "$(ls -A "$incoming/files")" ]; then fail "$path holds nothing"; fi
fi
printf '%s' "$path" > "$incoming/complete.tmp"
mv "$incoming/complete.tmp" "$incoming/complete"
