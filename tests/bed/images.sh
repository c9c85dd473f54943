# The images: which layers they are made of, and how each layer is made. A layer is a folder
# named by what went into it, with layer.tar.gz and its digests.
# shellcheck shell=bash disable=SC2154

# The tools inside the application's image that npm packages carry.
npm_version=11.7.0
corepack_version=0.34.5
uv_version=0.13.9

# layer NAME FUNCTION...: where the layer lies that the function makes. Its name holds the
# functions' own text, so another recipe is another layer.
layer() {
  local name=$1
  shift
  echo "$bed/images/$name-$(declare -f "$@" | sha256sum | cut -c1-8)"
}
key_of_images=$(hash_of images.sh versions image)

# layer_made FOLDER FUNCTION...: the function fills the folder `root`, which becomes the layer.
layer_made() {
  local folder=$1
  shift
  made "$folder" packed "$@"
}

packed() {
  mkdir root
  "$@"
  tar --sort=name --mtime=@0 --numeric-owner --format=pax --pax-option=exthdr.name=%d/PaxHeaders/%f,delete=atime,delete=ctime \
    -C root -cf layer.tar .
  python3 "$here/image/oci.py" digest <layer.tar >layer.tar.gz.diff
  gzip -n -1 layer.tar
  python3 "$here/image/oci.py" digest <layer.tar.gz >layer.tar.gz.digest
  rm -rf root
}

mirror() {
  local found
  found=$(sed -n 's/^URIs: *//p; s/^deb \(\[[^]]*\] \)\?\([^ ]*\) .*/\2/p' /etc/apt/sources.list.d/* /etc/apt/sources.list 2>/dev/null | head -n 1)
  echo "${found:-http://deb.debian.org/debian}"
}

# root_of_debian PACKAGE...: minimal Debian 12 with these. debootstrap itself stumbles over
# the order of larger sets, and apt-get does not.
root_of_debian() {
  debootstrap --variant=minbase --include=ca-certificates bookworm root "$(mirror)" /usr/share/debootstrap/scripts/bookworm
  cp /etc/resolv.conf root/etc/resolv.conf
  # The mount ends with the process.
  unshare --mount --fork sh -euc '
    mount -t proc proc root/proc
    DEBIAN_FRONTEND=noninteractive chroot root apt-get install -q -y --no-install-recommends "$@"' sh "$@"
  rm -f root/etc/resolv.conf
  rm -rf root/var/cache/apt/archives/*.deb root/var/lib/apt/lists/* root/dev root/var/log/*
  mkdir root/dev
}

# What the application's own image has beside Node.js.
fill_debian() {
  root_of_debian curl git hostname lsof openssl procps python3-minimal tini
  echo 'node:x:1000:1000::/home/node:/bin/bash' >>root/etc/passwd
  echo 'node:x:1000:' >>root/etc/group
  mkdir -p root/home/node
  chown 1000:1000 root/home/node
}

# fill_node PROGRAM: Node.js with npm, npx and corepack, where the application's own image
# has them: the PATH that is rendered with tool chains names no other place.
fill_node() {
  local to=root/usr/local
  mkdir -p "$to/bin"
  cp "$1" "$to/bin/node"
  npm_of 24 install --prefix "$to/lib" --no-package-lock --ignore-scripts --no-audit --no-fund --loglevel=error \
    "npm@$npm_version" "corepack@$corepack_version"
  rm -rf "$to/lib/package.json" "$to/lib/node_modules/.bin"
  ln -s ../lib/node_modules/npm/bin/npm-cli.js "$to/bin/npm"
  ln -s ../lib/node_modules/npm/bin/npx-cli.js "$to/bin/npx"
  ln -s ../lib/node_modules/corepack/dist/corepack.js "$to/bin/corepack"
}

# npm_of MAJOR ARGUMENTS: npm under that Node.js, as it leaves out what another cannot run.
npm_of() {
  local variable=OPENCLAW_TOOLS_NODE$1
  shift
  PATH=$(dirname "${!variable}"):$PATH npm "$@"
}

node_of() { case " $OPENCLAW_NODE22 " in *" $1 "*) echo 22 ;; *) echo 24 ;; esac; }

# fill_openclaw VERSION: with its install script, without which it does not start on a
# read-only root.
fill_openclaw() {
  mkdir -p root/opt/oc
  # One dependency of the old release is a Git repository; nothing here calls it.
  echo '{"private": true, "overrides": {"libsignal": "npm:noop2@2.0.0"}}' >root/opt/oc/package.json
  (cd root/opt/oc && npm_of "$(node_of "$1")" install --no-package-lock --no-audit --no-fund \
    --loglevel=error --foreground-scripts "openclaw@$1")
  ln -s /opt/oc/node_modules/openclaw root/app
  [ -e root/opt/oc/node_modules/openclaw/openclaw.mjs ]
}

# fill_broken VERSION: the newest release under another version, with another start.
fill_broken() {
  local folder=root/opt/oc/node_modules/openclaw source
  source=$(newest_layer)
  mkdir -p "$folder"
  tar -C root -xzf "$source/layer.tar.gz" ./opt/oc/node_modules/openclaw/{package.json,openclaw.mjs}
  mv "$folder/openclaw.mjs" "$folder/openclaw-whole.mjs"
  sed -i "s/\"version\": \"[^\"]*\"/\"version\": \"$1\"/" "$folder/package.json"
  cp "$here/image/broken/$1.mjs" "$folder/openclaw.mjs"
}

# The layers by their recipes.
debian_layer() { layer debian fill_debian root_of_debian; }
node_layer() {
  local variable=OPENCLAW_TOOLS_NODE$1
  layer "$(basename "$(dirname "$(dirname "${!variable}")")")-npm-$npm_version-corepack-$corepack_version" fill_node
}
openclaw_layer() { layer "openclaw-$1" fill_openclaw; }
newest_layer() { openclaw_layer "${OPENCLAW_IMAGES%% *}"; }
broken_layer() { layer "broken-$1-of-${OPENCLAW_IMAGES%% *}-$(hash_of image/broken)" fill_broken; }
chromium_layer() { layer chromium fill_chromium root_of_debian; }
uv_layer() { layer "uv-$uv_version" fill_uv; }
pause_layer() { layer "pause-$(hash_of go/bed)" fill_program; }
collector_layer() { layer "collector-$COLLECTOR" fill_program; }
rclone_layer() { layer "rclone-$RCLONE" fill_program; }

# Debian's Chromium where the image of headless-shell has its program.
fill_chromium() {
  root_of_debian chromium fonts-dejavu-core
  mkdir -p root/headless-shell
  printf '#!/bin/sh\nexec /usr/lib/chromium/chromium --headless "$@"\n' >root/headless-shell/headless-shell
  chmod +x root/headless-shell/headless-shell
}

fill_uv() {
  mkdir -p root/usr/local/bin
  python3 -m pip download --no-deps --no-input -q --only-binary=:all: -d wheel "uv==$uv_version"
  python3 -m zipfile -e wheel/*.whl wheel/out
  cp wheel/out/uv-*.data/scripts/uv{,x} root/usr/local/bin/
  chmod +x root/usr/local/bin/uv{,x}
  rm -rf wheel
}

fill_program() {
  mkdir -p root/usr/local/bin
  cp "$1" "root/usr/local/bin/$2"
}

layers_install() {
  local version
  packages debootstrap=debootstrap npm=npm gzip=gzip python3=python3 unshare=util-linux
  layer_made "$(debian_layer)" fill_debian
  layer_made "$(node_layer 24)" fill_node "$OPENCLAW_TOOLS_NODE24"
  layer_made "$(node_layer 22)" fill_node "$OPENCLAW_TOOLS_NODE22"
  for version in $OPENCLAW_IMAGES; do layer_made "$(openclaw_layer "$version")" fill_openclaw "$version"; done
  for version in $OPENCLAW_BROKEN; do layer_made "$(broken_layer "$version")" fill_broken "$version"; done
  layer_made "$(chromium_layer)" fill_chromium
  layer_made "$(uv_layer)" fill_uv
  build_bed
  layer_made "$(pause_layer)" fill_program "$(program bed)/pause" pause
  build_collector
  layer_made "$(collector_layer)" fill_program "$(program collector)/otelcol" otelcol
  build_rclone
  layer_made "$(rclone_layer)" fill_program "$(program rclone)/rclone" rclone
}

# push NAME:TAG CONFIG LAYER...
push() {
  local image=$1 config=$2 each layers=()
  shift 2
  for each in "$@"; do layers+=("$each/layer.tar.gz"); done
  python3 "$here/image/oci.py" push "$registry" "$image" "$here/image/$config.json" "${layers[@]}"
}

images_push() {
  local version base
  base=$(debian_layer)
  for version in $OPENCLAW_IMAGES; do
    push "openclaw/openclaw:$version" openclaw "$base" "$(node_layer "$(node_of "$version")")" "$(openclaw_layer "$version")"
  done
  push "mirror/openclaw/openclaw:${OPENCLAW_IMAGES%% *}" openclaw "$base" "$(node_layer 24)" "$(newest_layer)"
  for version in $OPENCLAW_BROKEN; do
    push "openclaw/openclaw:$version" openclaw "$base" "$(node_layer 24)" "$(newest_layer)" "$(broken_layer "$version")"
  done
  push chromedp/headless-shell:151.0.7922.109 chromium "$(chromium_layer)"
  push "astral-sh/uv:$uv_version-bookworm-slim" plain "$base" "$(uv_layer)"
  push "otel/opentelemetry-collector:$COLLECTOR" collector "$(collector_layer)"
  push "rclone/rclone:$RCLONE" plain "$base" "$(rclone_layer)"
  push pause:1 pause "$(pause_layer)"
}
