#!/bin/sh
# Init container: fetches the backup that restore-from names, once. It is copied beside the state
# and swapped in by init-config, so a start that is killed leaves the old state or the new one.
set -eu

fail() {
  echo "init-restore: $1" >&2
  if [ -w /dev/termination-log ]; then echo "init-restore: $1" > /dev/termination-log; fi
  exit 75
}

here=$(dirname "$0")
state=${OPENCLAW_STATE_DIR:?}
path=$(cat "$here/restore-from")
incoming=$state/.snapshots/incoming

# Looked at before the credentials: a Pod that was restored long ago starts without them.
if [ "$(cat "$state/.openclaw-restored" 2>/dev/null)" = "$path" ]; then exit 0; fi
if [ "$(cat "$incoming/complete" 2>/dev/null)" = "$path" ]; then exit 0; fi

bucket=${B2_BUCKET:-${S3_BUCKET:-}}
RCLONE_CONFIG_STORE_ACCESS_KEY_ID=${B2_KEY_ID:-${S3_ACCESS_KEY_ID:-}}
RCLONE_CONFIG_STORE_SECRET_ACCESS_KEY=${B2_APP_KEY:-${S3_SECRET_ACCESS_KEY:-}}
RCLONE_CONFIG_STORE_ENDPOINT=${B2_ENDPOINT:-${S3_ENDPOINT:-}}
RCLONE_CONFIG_STORE_REGION=${S3_REGION:-}
RCLONE_CONFIG_STORE_TYPE=s3
RCLONE_CONFIG_STORE_PROVIDER=Other
RCLONE_CONFIG=/tmp/rclone.conf
export RCLONE_CONFIG RCLONE_CONFIG_STORE_ACCESS_KEY_ID RCLONE_CONFIG_STORE_SECRET_ACCESS_KEY \
  RCLONE_CONFIG_STORE_ENDPOINT RCLONE_CONFIG_STORE_REGION RCLONE_CONFIG_STORE_TYPE RCLONE_CONFIG_STORE_PROVIDER
if [ -z "$bucket" ] || [ -z "$RCLONE_CONFIG_STORE_ACCESS_KEY_ID" ] ||
  [ -z "$RCLONE_CONFIG_STORE_SECRET_ACCESS_KEY" ] || [ -z "$RCLONE_CONFIG_STORE_ENDPOINT" ]; then
  fail "the Secret b2-backup-credentials lacks B2_BUCKET, B2_KEY_ID, B2_APP_KEY or B2_ENDPOINT"
fi
: > "$RCLONE_CONFIG"

rm -rf "$incoming"
mkdir -p "$incoming/files"
rclone copy -- "store:$bucket/$path" "$incoming/files" || fail "$path cannot be read from the bucket"
rclone check --one-way -- "store:$bucket/$path" "$incoming/files" || fail "$path does not match its copy"
if [ -z "$(ls -A "$incoming/files")" ]; then fail "$path holds nothing"; fi
printf '%s' "$path" > "$incoming/complete.tmp"
mv "$incoming/complete.tmp" "$incoming/complete"
