# What init-restore.sh and upload.sh share: how a failure is told, and how rclone reaches the bucket.
# It is sourced. The credentials stay in the environment: no argument, file or message has them.

LC_ALL=C
export LC_ALL
tmp=${TMPDIR:-/tmp}
errors=$tmp/rclone-errors
log=${TERMINATION_LOG:-/dev/termination-log}
limit_of_quick=${STORE_LIMIT:-180}

# A store may quote in its answer what it was asked with.
hide() {
  awk 'BEGIN { n = split("ACCESS_KEY_ID SECRET_ACCESS_KEY", names, " ") }
    { for (i = 1; i <= n; i++) {
        secret = ENVIRON["RCLONE_CONFIG_STORE_" names[i]]
        while (length(secret) > 3 && (at = index($0, secret)))
          $0 = substr($0, 1, at - 1) "***" substr($0, at + length(secret))
      }
      print }'
}

warn() { printf '%s: %s\n' "$(basename "$0" .sh)" "$1" >&2; }

# Leaves a line in the status of the Pod.
last_word() { if [ -w "$log" ]; then printf '%s' "$1" > "$log" || :; fi; }

fail() {
  warn "$1"
  last_word "$(basename "$0" .sh): $1"
  exit 75
}

store() { rclone "$@" 2> "$errors" < /dev/null; }

# For what is small and has no excuse to take long: rclone's own limits are for each of many tries.
quick() {
  code=0
  timeout "$limit_of_quick" rclone "$@" 2> "$errors" < /dev/null || code=$?
  case $code in 124|143) echo "no answer within $limit_of_quick s" >> "$errors" ;; esac
  return "$code"
}

# The last thing that rclone said, without its time.
why() {
  said=$(sed -e 's|^[0-9/]* [0-9:.]* ||' -e '/^ *$/d' "$errors" | tail -n 1 | hide | head -c 500)
  printf '%s' "${said:-rclone gave no reason}"
}

# Lists what is below a path; one that is not there holds nothing.
listing() { quick lsf "$@" || [ $? -eq 3 ]; }

# SHA-256 of the archive that a manifest names.
archive_sum() { tr -d ' \r\n\t' < "$1" | sed -n 's/.*"sha256":"\([0-9a-f]\{64\}\)".*/\1/p'; }

# A Secret that was made from a file often ends with a new line.
clean() { printf '%s' "$1" | tr -d ' \r\n\t'; }

lacks() { fail "the Secret b2-backup-credentials lacks $1 or $2"; }

# Sets `bucket`, and the remote `store` for rclone.
open_store() {
  bucket=$(clean "${B2_BUCKET:-${S3_BUCKET:-}}")
  endpoint=$(clean "${B2_ENDPOINT:-${S3_ENDPOINT:-}}")
  id_of_key=$(clean "${B2_KEY_ID:-${S3_ACCESS_KEY_ID:-}}")
  key=$(clean "${B2_APP_KEY:-${S3_SECRET_ACCESS_KEY:-}}")
  if [ -z "$bucket" ]; then lacks B2_BUCKET S3_BUCKET; fi
  if [ -z "$endpoint" ]; then lacks B2_ENDPOINT S3_ENDPOINT; fi
  if [ -z "$id_of_key$key" ] && [ "${BACKUP_ENV_AUTH:-}" = true ]; then
    # The cloud gives the keys to the ServiceAccount.
    export RCLONE_CONFIG_STORE_ENV_AUTH=true
  else
    if [ -z "$id_of_key" ]; then lacks B2_KEY_ID S3_ACCESS_KEY_ID; fi
    if [ -z "$key" ]; then lacks B2_APP_KEY S3_SECRET_ACCESS_KEY; fi
    export RCLONE_CONFIG_STORE_ACCESS_KEY_ID="$id_of_key" RCLONE_CONFIG_STORE_SECRET_ACCESS_KEY="$key"
  fi
  export RCLONE_CONFIG_STORE_TYPE=s3 RCLONE_CONFIG_STORE_PROVIDER=Other RCLONE_CONFIG_STORE_ENDPOINT="$endpoint"
  export RCLONE_CONFIG_STORE_REGION="$(clean "${S3_REGION:-}")"
  # A key that is limited to the bucket may not make one, nor ask whether it is there.
  export RCLONE_CONFIG_STORE_NO_CHECK_BUCKET=true
  # A store that hangs must end before the Job does, or nobody learns why: for an upload these make
  # 2 * 3 * 3 tries of a minute.
  export RCLONE_RETRIES="${RCLONE_RETRIES:-3}" RCLONE_LOW_LEVEL_RETRIES="${RCLONE_LOW_LEVEL_RETRIES:-3}"
  export RCLONE_TIMEOUT="${RCLONE_TIMEOUT:-60s}" RCLONE_CONTIMEOUT="${RCLONE_CONTIMEOUT:-15s}"
  export RCLONE_CONFIG="$tmp/rclone.conf"
  (true > "$RCLONE_CONFIG") 2>/dev/null || fail "$tmp cannot be written to"
}
