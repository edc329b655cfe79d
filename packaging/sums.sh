#!/bin/sh
# SPDX-License-Identifier: MIT
# packaging/sums.sh FOLDER: writes SHA256SUMS of all other files in FOLDER; `sha256sum -c SHA256SUMS` there checks them.
set -eu
cd "$1"
rm -f SHA256SUMS
LC_ALL=C
export LC_ALL
sha256sum -- * >.sums
mv .sums SHA256SUMS
