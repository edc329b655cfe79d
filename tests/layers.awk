# Fails if a file includes a header of a folder to its left in this order.
BEGIN {
	n = split("cmd firmware config core/out core/host core/vm core/dev core/attest core/snp core/plan core/sandbox core/base", name, " ")
	for (i = 1; i <= n; i++) rank[name[i]] = i
}
function folder(path) { sub(/\/[^\/]*$/, "", path); sub(/^firmware\/.*/, "firmware", path); return path }
/^#include "/ {
	split($0, q, "\""); from = folder(FILENAME); to = folder(q[2])
	if ((from == "guest") != (to == "guest")) { print FILENAME ":" FNR ": snpvmm-guest and snpvmm share no source"; bad = 1 }
	if (q[2] ~ /^tests\//) { print FILENAME ":" FNR ": includes a test"; bad = 1 }
	if (rank[to] && rank[from] && rank[to] < rank[from]) { print FILENAME ":" FNR ": reaches up to " to; bad = 1 }
}
END { exit bad }
