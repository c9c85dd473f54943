# This project's own image, made by the recipe that users have. It is built when the sources
# changed, by what cargo keeps of the build before.
# shellcheck shell=bash disable=SC2154

controller_target=$bed/controller-target

controller_key() {
  {
    rustc -V
    cat /etc/ssl/certs/ca-certificates.crt
    cd "$here/../.." && find .image src templates Cargo.toml Cargo.lock LICENSE -type f | sort | xargs sha256sum
  } | sha256sum | cut -c1-12
}

# The name that `openclaw install` gives it.
controller_name() {
  "$controller_target/image/root/usr/local/bin/openclaw" install --metrics none | sed -n '/^kind: Deployment$/,$ s/^ *image: //p'
}

controller_install() {
  local started=$SECONDS key log=$bed/log/controller
  packages buildah=buildah
  key=$(controller_key)
  if [ "$(cat "$controller_target/image/key" 2>/dev/null)" = "$key" ]; then return; fi
  say "builds the controller"
  # Cargo goes by times, and checkouts that share this folder are made at any.
  (cd "$here/../.." && CARGO_TARGET_DIR=$controller_target cargo clean --quiet --locked --release --package openclaw \
    --target "$(rustc -vV | sed -n 's/^host: //p')")
  # Optimizing over all crates would take four minutes of a processor for each change, for 1% of size.
  if ! CARGO_PROFILE_RELEASE_LTO=off CARGO_TARGET_DIR=$controller_target "$here/../../.image/build" >"$log" 2>&1 </dev/null; then
    tail -n 15 "$log" >&2
    fail "the controller could not be built, see above and $log"
    return 1
  fi
  echo "$key" >"$controller_target/image/key"
  say "built the controller in $(since "$started") s"
}

# Always, as it takes a second: what was pushed before may be of another checkout.
controller_push() {
  local name store=$run/buildah
  name=$(controller_name)
  buildah_ "$store" build -q --timestamp 0 --tag "$name" --file "$here/../../.image/Containerfile" "$controller_target/image"
  buildah_ "$store" push -q --tls-verify=false "$name" "docker://$registry/${name#*/}"
  rm -rf "$store"
}

# Nothing of it is kept or mounted, and it does without the machine's own settings.
buildah_() {
  local store=$1
  shift
  buildah --storage-driver vfs --root "$store/root" --runroot "$store/runroot" "$@"
}
