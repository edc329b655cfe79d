# SPDX-License-Identifier: MIT
# tests/cli/facts.awk: prints what 'snpvmm schema' says of each key, one fact a line: "KEY is" for every key,
# "KEY default VALUE", "KEY word WORD". It goes by the indentation of the JSON: keys are at 4, and those of a
# group, which has properties, 4 further in.
BEGIN { level[4] = "" } # by depth: what stands before the names of keys there
function fact(what, value) { print key, what, value }
function text_of(line) {
  sub(/^ *("[a-z]*": )?/, "", line); sub(/,$/, "", line); sub(/^"/, "", line); sub(/"$/, "", line); gsub(/\\"/, "\"", line)
  return line
}
{ match($0, /^ */); depth = RLENGTH }
depth == 2 { inside = /"properties": \{/ }
!inside { next }
depth in level && /": \{/ {
  split($0, q, "\""); key = level[depth] q[2]; names[key] = 1; at = depth + 2
  for (inner in level) if (inner + 0 > depth) delete level[inner]
}
depth == 6 && /"properties": \{/ && key == "matrix" { skip = 1 } # it has the keys of the others again
depth == 6 && /^      \}/ { skip = 0 }
skip { next }
depth == at && /"properties": \{/ { delete names[key]; level[depth + 2] = key "." }
depth == at && /"default": \[$/ { list = ""; listing = 1; next }
listing && /\]/ { fact("default", "[" list "]"); listing = 0 }
listing { item = $0; sub(/^ */, "", item); sub(/,$/, "", item); list = list (list == "" ? "" : ", ") item }
depth == at && /"default": / { fact("default", text_of($0)) }
/"enum": \[/ { words = 1; next }
words && /\]/ { words = 0 }
words && /"/ { fact("word", text_of($0)) }
END { for (key in names) fact("is") }
