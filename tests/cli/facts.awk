# SPDX-License-Identifier: MIT
# tests/cli/facts.awk: prints what 'snpvmm schema' says of each key, one fact a line: "KEY is" for every key,
# "KEY default VALUE", "KEY word WORD", "KEY later". It goes by the indentation of the JSON: keys are at 4, and those of a
# group, which has properties, at 8.
function fact(what, value) { print key, what, value }
function text_of(line) {
  sub(/^ *("[a-z]*": )?/, "", line); sub(/,$/, "", line); sub(/^"/, "", line); sub(/"$/, "", line); gsub(/\\"/, "\"", line)
  return line
}
{ match($0, /^ */); depth = RLENGTH }
depth == 2 { inside = /"properties": \{/ }
!inside { next }
depth == 4 && /": \{/ { split($0, q, "\""); top = key = q[2]; at = 6; names[key] = 1 }
depth == 6 && /"properties": \{/ && top == "matrix" { skip = 1 } # it has the keys of the others again
depth == 6 && /^      \}/ { skip = 0 }
skip { next }
depth == 6 && /"properties": \{/ { delete names[top]; group = top; at = 10 }
depth == 8 && at == 10 && /": \{/ { split($0, q, "\""); key = group "." q[2]; names[key] = 1 }
depth == 4 && /^    \}/ { at = 6 }
depth == at && /"default": \[$/ { list = ""; listing = 1; next }
listing && /\]/ { fact("default", "[" list "]"); listing = 0 }
listing { item = $0; sub(/^ */, "", item); sub(/,$/, "", item); list = list (list == "" ? "" : ", ") item }
depth == at && /"default": / { fact("default", text_of($0)) }
depth == at && /\(not supported by this version\)/ { fact("later") }
/"enum": \[/ { words = 1; next }
words && /\]/ { words = 0 }
words && /"/ { fact("word", text_of($0)) }
END { for (key in names) fact("is") }
