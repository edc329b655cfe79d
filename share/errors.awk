# SPDX-License-Identifier: MIT
# share/errors.awk: makes snpvmm-errors(7) of share/explain.txt.

# roff would turn these into other characters, or take the line for a request. No word is an argument of a macro.
function text(s) {
	gsub(/\\/, "\\e", s)
	gsub(/-/, "\\-", s)
	gsub(/'/, "\\(aq", s)
	gsub(/`/, "\\(ga", s)
	gsub(/\^/, "\\(ha", s)
	gsub(/~/, "\\(ti", s)
	sub(/^ +/, "", s)
	gsub(/\. +/, ".\n", s) # a sentence begins a line
	return s ~ /^\./ ? "\\&" s : s
}
function close_field() {
	if (field == "see:") print ".Ed"
	else if (field ~ /^(cause|fix):$/) print ".El"
	field = ""
}
function open_field(name) {
	close_field()
	field = name
	if (field == "exit:") print ".Pp\nExit status of run:"
	else if (field == "cause:") print ".Pp\nLikely causes:\n.Bl -dash -compact"
	else if (field == "fix:") print ".Pp\nWhat to do:\n.Bl -dash -compact"
	else if (field == "see:") print ".Pp\nMore:\n.Bd -literal -offset indent -compact"
}

BEGIN {
	print ".\\\" SPDX-License-Identifier: MIT"
	print ".\\\" Made of share/explain.txt by share/errors.awk."
	print ".Dd November 30, 2026"
	print ".Dt SNPVMM-ERRORS 7"
	print ".Os Linux"
	print ".Sh NAME"
	print ".Nm snpvmm-errors"
	print ".Nd names of errors and verdicts of snpvmm"
	print ".Sh DESCRIPTION"
	print "Each error of"
	print ".Xr snpvmm 1 ,"
	print "and each verdict on a run, ends with a name in brackets."
	print "These names stay the same from version to version, so scripts may rely on them."
	print "This page describes each of them, as"
	print ".Ql snpvmm explain NAME"
	print "does."
	print ".Ql snpvmm explain"
	print "also describes the statuses of the SNP firmware."
	print ".Sh NAMES"
}
/^\[/ {
	close_field()
	name = substr($1, 2, length($1) - 2)
	print ".Ss " name
	sub(/^[^ ]* /, "")
	print text(toupper(substr($0, 1, 1)) substr($0, 2)) ".\n.Pp"
	next
}
!name || /^$/ { next }
/^(exit|cause|fix|see):/ {
	if (field != $1) open_field($1)
	if (field == "cause:" || field == "fix:") print ".It"
	sub(/^[a-z]*: */, "")
}
{ print text($0) }
END {
	close_field()
	print ".Sh SEE ALSO"
	print ".Xr snpvmm 1 ,"
	print ".Xr snpvmm.yaml 5"
}
