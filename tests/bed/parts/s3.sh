# An S3 server with one bucket, over HTTP and over HTTPS with the bed's CA, and rclone to look
# into it.
# shellcheck shell=bash disable=SC2154

s3_key=bed-access-key
s3_secret=bed-secret-key
s3_bucket=backups

s3_install() {
  packages curl=curl
  build_s3
  build_rclone
}

s3_up() {
  local server
  server=$(program versitygw)/versitygw
  mkdir -p "$run/s3/$s3_bucket"
  if ! [ -e "$run/pki/s3.crt" ]; then certificate s3 /CN=s3 "IP:$gateway,IP:127.0.0.1,DNS:s3.bed"; fi
  spawn s3 "$server" --access "$s3_key" --secret "$s3_secret" --port "$s3" --quiet posix --nometa "$run/s3"
  spawn s3-tls "$server" --access "$s3_key" --secret "$s3_secret" --port "${s3%:*}:17443" --quiet \
    --cert "$run/pki/s3.crt" --key "$run/pki/s3.key" posix --nometa "$run/s3"
  cat >"$run/rclone.conf" <<TXT
[bed]
type = s3
provider = Other
access_key_id = $s3_key
secret_access_key = $s3_secret
endpoint = http://$s3
TXT
  wait_for 20 s3 "$(program rclone)/rclone" --config "$run/rclone.conf" --retries 1 --low-level-retries 1 lsd bed:
}

s3_status() { lives s3 && lives s3-tls; }
s3_down() {
  stop s3
  stop s3-tls
}
