#!/usr/bin/env bash
# The main job, shown: a server of one's own and two windows, Alice and Bob. With a display they are yours
# to use; without one the scene is played under Xvfb by real input and its pictures are kept.
set -euo pipefail
build=$(realpath "$1")
out=$PWD/build/demo
mkdir -p "$out"

if [ -z "${DISPLAY:-}" ]; then
  echo "There is no display: playing the scene under Xvfb."
  rm -f "$out"/*.png
  exec "$build/tests/demo/demo_scene" "$build/bin/sottod" "$build/bin/sotto" "$out"
fi

scratch=$(mktemp -d)
cleanup() {
  jobs -p | xargs -r kill 2>/dev/null || true
  wait 2>/dev/null || true
  rm -rf "$scratch"
}
trap cleanup EXIT

"$build/bin/sottod" serve --data "$scratch/server" --listen 127.0.0.1:0 --port-file "$scratch/port" \
  >"$out/sottod.out" 2>"$out/sottod.log" &
for _ in $(seq 100); do [ -s "$scratch/port" ] && break; sleep 0.1; done
link=$("$build/bin/sottod" invite --data "$scratch/server" --uses 2 | tail -n 1)
export SOTTO_PASSWORD='alice and bob try sotto'
for name in alice bob; do
  "$build/bin/sotto-cli" --profile "$scratch/$name" --insecure-profile register "$link" --username "$name"
done
"$build/bin/sotto-cli" --profile "$scratch/alice" --insecure-profile send bob "Hi Bob, this is Alice."

devices=()
ls /dev/video* >/dev/null 2>&1 || devices+=(--camera 'lavfi:testsrc2=size=1280x720:rate=30')
[ -d /dev/snd ] || [ -n "${PULSE_SERVER:-}" ] || devices+=(--microphone tone:440 --speaker none)
x=0
for name in alice bob; do
  "$build/bin/sotto" --profile "$scratch/$name" --insecure-profile --downloads "$scratch/$name-downloads" \
    --title "$name" --size 900x700 --position $x,40 "${devices[@]}" 2>"$out/$name.log" &
  x=$((x + 920))
done
cat <<'TEXT'

Two windows open: Alice on the left, Bob on the right.
  - Click the other's name, write below, press Enter.
  - The paper clip sends a file; dropping one on the window does, too.
  - The camera at the top right calls; the other window shows a card: click Video.
Close both windows to end; the server and everything they wrote go away.
TEXT
wait %2 %3 || true
