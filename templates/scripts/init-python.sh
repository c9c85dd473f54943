#!/bin/sh
# Init container on the uv image: uv, uvx and Python 3.12 on the data volume. The container sets
# OPENCLAW_STATE_DIR and UV_CACHE_DIR, UV_PYTHON_INSTALL_DIR, UV_PYTHON_BIN_DIR below it.
set -eu

bin=${OPENCLAW_STATE_DIR:?}/.local/bin
record=${UV_PYTHON_INSTALL_DIR:?}/.openclaw-uv

# The volume may come first on PATH: an older uv there would be taken for the image's own.
path=
IFS=:
for dir in $PATH; do
  [ "$dir" = "$bin" ] || path=${path:+$path:}$dir
done
unset IFS
PATH=$path

version=$(uv --version)
set -- "$UV_PYTHON_INSTALL_DIR"/cpython-3.12*
if [ -d "$1" ] && [ -x "$bin/uv" ] && [ -x "$bin/uvx" ] && [ "$(cat "$record" 2>/dev/null)" = "$version" ]; then
  exit 0
fi

mkdir -p "$bin" "$UV_PYTHON_INSTALL_DIR"
for tool in uv uvx; do
  # Renamed into place: a running uv cannot be overwritten, and half a program must not be found.
  cp "$(command -v "$tool")" "$bin/.$tool.tmp"
  mv -f "$bin/.$tool.tmp" "$bin/$tool"
done
uv python install 3.12
printf '%s\n' "$version" > "$record.tmp"
mv -f "$record.tmp" "$record"
