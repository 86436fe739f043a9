#!/usr/bin/env bash
# run.sh BUILD [NAME...]: the benchmark programs one after another, JSON on standard output.
set -euo pipefail
build=$1
shift
[ $# -gt 0 ] || set -- crypto mls net_memory server_memory messages files call sealed_store
for name in "$@"; do
  program=$build/bin/bench_$name
  [ -x "$program" ] || { echo "There is no benchmark named $name." >&2; exit 2; }
  case "$name" in
    server_memory | messages | files) "$program" --sottod "$build/bin/sottod" ;;
    *) "$program" ;;
  esac
done
