# Reads `nm -A -P` of objects and fails if files depend on each other in a circle. A file depends on the files whose
# functions and tables it uses.
{
	file = $1; sub(/(\[[^]]*\])?:$/, "", file); sub(/\.o$/, "", file); sub(/^[^\/]*\//, "", file)
	if ($3 == "U") uses[file] = uses[file] " " $2
	else if ($3 ~ /^[A-Z]$/) { home[$2] = file; symbols++ }
}
# Depth-first search. state: 1, on the current path; 2, done.
function visit(file, way,    list, n, i, to, met) {
	if (state[file] == 2) return
	if (state[file] == 1) {
		print "a circle of files:" substr(way, index(way " ", " " file " ")) " " file; bad = 1
		return
	}
	state[file] = 1
	n = split(uses[file], list, " ")
	for (i = 1; i <= n; i++) {
		to = home[list[i]]
		if (to && to != file && !met[to]++) visit(to, way " " file)
	}
	state[file] = 2
}
END {
	for (file in uses) visit(file, "")
	if (!symbols) { print "no symbols in the objects"; bad = 1 }
	exit bad
}
