# ARCHITECTURE.md names nothing that isn't there: files by their paths or, in the list of folders, by their names
# in a folder, and functions by their prototypes. Quotes with a space in them, options and others are left alone.
function there(path) { return system("ls -d " path " >/dev/null 2>&1") == 0 }
function missing(what) { print FILENAME ":" FNR ": there is no " what; bad = 1 }
/^#/ { in_folders = $0 == "## Folders" }
in_folders && /^\* `/ { folder = $2; gsub(/[`:]/, "", folder) }
{
	n = split($0, part, "`")
	for (i = 2; i <= n; i += 2) {
		name = part[i]
		if (name ~ /^[a-z0-9_]+\(\)$/) {
			sub(/\(\)/, "", name)
			if (system("grep -q '[ *]" name "(' */*.h core/*/*.h tests/fake/*.h") != 0) missing("function " name "() in a header")
			checked++
		} else if (name ~ /^[A-Za-z0-9_.*\/-]+$/ && (name ~ /\// || name ~ /\.(c|h|sh|awk|md|txt|yaml|[15])$/)) {
			if (!there(name) && !(in_folders && there(folder name))) missing("file " name)
			checked++
		} else if (in_folders && name ~ /^[a-z0-9_]+$/) {
			if (!there(folder name ".[ch]") && !there(folder name)) missing("file " folder name ".c")
			checked++
		}
	}
}
END {
	if (checked < 100) { print FILENAME ": only " checked + 0 " names were found"; bad = 1 }
	exit bad
}
