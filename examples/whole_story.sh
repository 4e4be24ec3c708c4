#!/usr/bin/env bash
# The whole story, unattended: write, check, preview, personalise, then send, wait and download against the sandbox.
# Needs `aistudios` on the PATH, with the sandbox extra. Everything lands in ./story (or the folder given).
set -euo pipefail

examples=$(cd "$(dirname "$0")" && pwd)
mkdir "${1:-story}"
cd "${1:-story}"
cp "$examples"/{personalised,product_promo}.py "$examples/data/people.csv" .

say() { printf '\n# %s\n' "$*"; }
run() { printf '$ %s\n' "$*"; "$@"; }

say 'A template, and what a row of people.csv must have for it'
run aistudios vars personalised.py

say 'Every row checked before the first is written: one payload a line'
run aistudios build personalised.py --data people.csv --check-rows -o welcome.jsonl

say 'Look at the second of them, and at what the checks find in another video'
run aistudios preview personalised.py --data people.csv --row 2 -o storyboard.html
run aistudios check product_promo.py

say 'A sandbox in place of the service, on this machine: nothing is rendered, nothing is paid'
aistudios sandbox --port 0 --render-seconds 1 > sandbox.sh 2> sandbox.log &
trap 'kill %1' EXIT
until [ -s sandbox.sh ]; do sleep 0.1; done
. ./sandbox.sh
run aistudios whoami

say 'One video: built, sent, waited for, downloaded'
run aistudios build product_promo.py -o promo.json
run aistudios send promo.json --export --yes --wait --download videos

say 'Many videos, each sent once whatever happens (the fifth name has braces, on purpose)'
run aistudios outbox run welcome.jsonl --export --yes --literal --concurrency 1 --download videos
run aistudios outbox status
