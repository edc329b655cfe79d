# SPDX-License-Identifier: MIT
# packaging/sbom.awk: prints what packaging/sbom.sh collected as SPDX 2.3.

function relation(from, type, to) {
	relations[++n_relations] = "    {\"spdxElementId\": \"SPDXRef-" from "\", \"relationshipType\": \"" type \
	  "\", \"relatedSpdxElement\": \"SPDXRef-" to "\"}"
}
function checksums(sha1, sha256) {
	return "\"checksums\": [{\"algorithm\": \"SHA1\", \"checksumValue\": \"" sha1 "\"}, {\"algorithm\": \"SHA256\", \"checksumValue\": \"" \
	  sha256 "\"}]"
}
function list(lines, n, i) {
	for (i = 1; i <= n; i++) print lines[i] (i < n ? "," : "")
}
# NONE is also "there is none": a licence of the whole folder or of a table is not in the file.
function file(id, name, type, sha1, sha256, licence) {
	entries[++n_entries] = "    {\"SPDXID\": \"SPDXRef-" id "\", \"fileName\": \"./" name "\", \"fileTypes\": [\"" type "\"],\n     " \
	  checksums(sha1, sha256) ",\n     \"licenseConcluded\": \"NOASSERTION\", \"licenseInfoInFiles\": [\"" licence \
	  "\"], \"copyrightText\": \"NOASSERTION\"}"
}
function package(id, name, version, licence, more) {
	packages[++n_packages] = "    {\"SPDXID\": \"SPDXRef-" id "\", \"name\": \"" name "\", \"versionInfo\": \"" version "\",\n" \
	  "     \"downloadLocation\": \"NOASSERTION\", \"licenseConcluded\": \"NOASSERTION\", \"licenseDeclared\": \"" licence \
	  "\", \"copyrightText\": \"NOASSERTION\",\n     " more "}"
}
function purl(name, version) {
	return "\"filesAnalyzed\": false, \"externalRefs\": [{\"referenceCategory\": \"PACKAGE-MANAGER\", \"referenceType\": \"purl\", " \
	  "\"referenceLocator\": \"pkg:generic/" name "@" version "\"}]"
}
BEGIN {
	relation("DOCUMENT", "DESCRIBES", "source")
	licences["MIT"] = 1
	while ((getline <files) > 0) {
		file("file-" ++n_files, $4, "SOURCE", $1, $2, $3)
		relation("source", "CONTAINS", "file-" n_files)
		if ($3 != "NONE") licences[$3] = 1
		from_files[$3] = 1
	}
	declared = "MIT"
	for (licence in licences) if (licence != "MIT") others[++n_others] = licence
	# awk's order of keys is its own.
	for (i = 1; i <= n_others; i++) for (j = i + 1; j <= n_others; j++) if (others[j] < others[i]) {
		swap = others[i]; others[i] = others[j]; others[j] = swap
	}
	info = "\"MIT\""
	for (i = 1; i <= n_others; i++) {
		declared = declared " AND " others[i]
		info = info ", \"" others[i] "\""
	}
	if ("NONE" in from_files) info = info ", \"NONE\""
	package("source", "snpvmm", version, n_others ? "(" declared ")" : declared, \
	  "\"packageFileName\": \"snpvmm-" version ".tar.gz\", \"supplier\": \"Organization: The snpvmm authors\", " \
	  "\"checksums\": [{\"algorithm\": \"SHA256\", \"checksumValue\": \"" sum "\"}],\n     \"filesAnalyzed\": true, " \
	  "\"packageVerificationCode\": {\"packageVerificationCodeValue\": \"" code "\"},\n     \"licenseInfoFromFiles\": [" info "]")
	while ((getline <programs) > 0) {
		file("program-" $1, "bin/" $1, "BINARY", $2, $3, "NONE")
		relation("program-" $1, "GENERATED_FROM", "source")
	}
	while ((getline <libraries) > 0) {
		package("library-" $2, $2, $3, $4, purl($2, $3))
		relation("program-snpvmm", $1, "library-" $2)
	}
	package("compiler", "cc", compiler, "NOASSERTION", "\"filesAnalyzed\": false")
	relation("compiler", "BUILD_TOOL_OF", "program-snpvmm")
	print "{"
	print "  \"spdxVersion\": \"SPDX-2.3\", \"dataLicense\": \"CC0-1.0\", \"SPDXID\": \"SPDXRef-DOCUMENT\", \"name\": \"snpvmm-" version "\","
	print "  \"documentNamespace\": \"https://spdx.org/spdxdocs/snpvmm-" version "-" sum "\","
	print "  \"creationInfo\": {\"created\": \"" created "\", \"creators\": [\"Organization: The snpvmm authors\", \"Tool: sbom.sh-" version "\"]},"
	print "  \"packages\": ["
	list(packages, n_packages)
	print "  ],\n  \"files\": ["
	list(entries, n_entries)
	print "  ],\n  \"relationships\": ["
	list(relations, n_relations)
	print "  ]\n}"
}
