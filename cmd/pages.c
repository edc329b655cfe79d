/* SPDX-License-Identifier: MIT */
/* cmd/pages.c: a page for each reason; every sentence is about this program, as it is. */
#include "cmd/pages.h"

#include <assert.h>

#include "core/base/array.h"

#define NOTHING_LAUNCHED "2; nothing was launched"
#define LAUNCH_FAILED    "99; the launch failed"
#define NOT_MET          "1; the guest ran, and an expectation was not met"

static const struct page pages[] = {
	[ERROR_NONE] = {
		.meaning = "nothing went wrong",
		.means = "The name of no error. No error line and no verdict has it; it stands "
		         "where a table or a program needs a word for the absence of a reason.",
		.exits = "0",
		.causes = { "nothing failed" },
		.cures = { "nothing has to be done" },
		.more = { "snpvmm explain" },
	},
	[ERROR_USAGE] = {
		.meaning = "the command line is not one that snpvmm understands",
		.means = "A command, a word or a combination of options does not exist. "
		         "Nothing was launched.",
		.exits = "2",
		.causes = { "a slip in the name of a command or of an option, or in the word after "
		            "'explain'",
		            "an option without its value, or a long one behind a single dash",
		            "-o json or -o cbor for a command that has no result to print" },
		.cures = { "look the command up: 'snpvmm --help' lists the commands, 'snpvmm "
		           "COMMAND --help' the options of one",
		           "put '--' before the name of a file that begins with '-'" },
		.more = { "snpvmm --help", "man 1 snpvmm" },
	},
	[ERROR_SYNTAX] = {
		.meaning = "the text is not YAML as manifests are written in it",
		.means = "The manifest could not be read, before the meaning of any key was "
		         "looked at. A manifest is a subset of YAML: maps, lists and single "
		         "values in one document of UTF-8; no tags, anchors, aliases and merge "
		         "keys. Line and column say where reading stopped; the mistake may lie "
		         "in the line above.",
		.exits = NOTHING_LAUNCHED,
		.causes = { "a tab in the indentation, or keys of one map in different columns",
		            "': ' or ' #' inside a value without quotes, or a quote that is "
		            "not closed",
		            "a control character, or a byte that is not UTF-8",
		            "a file that is empty, nested deeper than 16, or not a manifest at "
		            "all" },
		.cures = { "compare the line, and the one above it, with the lines around them",
		           "put a value that has special characters in quotes",
		           "save the file as UTF-8 and indent with spaces" },
		.more = { "snpvmm check MANIFEST", "man 5 snpvmm.yaml" },
	},
	[ERROR_UNKNOWN_KEY] = {
		.meaning = "a key that manifests do not have",
		.means = "The manifest, or --set, names a key that is not in the table of "
		         "keys. It is refused and not ignored: an expectation that nobody "
		         "reads would let every run pass. Where a key is near in spelling, "
		         "'fix:' names it.",
		.exits = NOTHING_LAUNCHED,
		.causes = { "a slip in spelling",
		            "a key in the wrong map, or one level too high: 'policy' belongs "
		            "inside 'snp'",
		            "--set with the name of a map ('snp') or with a part of a value "
		            "('snp.policy.debug')",
		            "a manifest made for a later version of snpvmm" },
		.cures = { "take the key that 'fix:' suggests, or look it up in the manual",
		           "with --set, give 'snp.policy' as a whole, such as --set "
		           "'snp.policy={debug: true}'" },
		.more = { "snpvmm schema", "man 5 snpvmm.yaml" },
	},
	[ERROR_DUPLICATE_KEY] = {
		.meaning = "a key stands twice in one map",
		.means = "Two entries of the same map have the same name. YAML readers differ "
		         "in which of the two they take, so none is taken here. 'why:' says "
		         "where the first one stands; the place of the error is the second.",
		.exits = NOTHING_LAUNCHED,
		.causes = { "two manifests, or two parts of one, were copied together",
		            "a map such as 'boot' or 'expect' begins a second time further down",
		            "a value was tried out and the old one left" },
		.cures = { "remove one of the two",
		           "write all keys of a map below one heading",
		           "to try a value out, leave the file as it is and use --set KEY=VALUE" },
		.more = { "snpvmm check MANIFEST" },
	},
	[ERROR_MISSING_KEY] = {
		.meaning = "a key that has to be there is missing",
		.means = "Most keys have a default; a few facts have none and must be written. "
		         "These are the version of the manifest's format, something to boot, "
		         "and the path in a map that pins a file.",
		.exits = NOTHING_LAUNCHED,
		.causes = { "the manifest does not say 'version: 1'",
		            "neither boot.firmware nor boot.kernel is given, or they stand "
		            "outside the map 'boot'",
		            "{ sha256: ... } without 'path'" },
		.cures = { "write what 'fix:' says; the least manifest is 'version: 1' and a "
		           "map 'boot' with a firmware or a kernel",
		           "begin with a copy of snpvmm.yaml.example" },
		.more = { "snpvmm schema", "man 5 snpvmm.yaml" },
	},
	[ERROR_BAD_VALUE] = {
		.meaning = "a value that cannot stand where it stands",
		.means = "A key of the manifest, or --set, has a value of another type, form, "
		         "range or length than the key takes; or the file named by boot.kernel "
		         "is not a kernel that can be right. The key decides the type, not "
		         "YAML.",
		.exits = NOTHING_LAUNCHED,
		.causes = { "a size or a time without a unit: 512 for 512M, 60 for 60s",
		            "a number out of range or with a leading zero; yes, no, on or off "
		            "where true or false is meant",
		            "bytes or a digest that is too short or too long",
		            "a regular expression that is wrong, too large or too costly",
		            "a matrix of more than 1000 runs, or of values that are no lists",
		            "a boot.kernel that is cut short, or is an ELF file or an archive" },
		.cures = { "write the value as 'fix:' says",
		           "look the key's form up in the manual",
		           "for a kernel give the bzImage (vmlinuz), whole" },
		.more = { "man 5 snpvmm.yaml", "snpvmm schema", "snpvmm inspect FILE" },
	},
	[ERROR_UNSUPPORTED] = {
		.meaning = "asked for something that this version cannot do",
		.means = "The request is known and has a meaning, and this version of snpvmm "
		         "does not carry it out. Nothing of the kind is ever left out "
		         "silently. (The SNP firmware has a status UNSUPPORTED, which is "
		         "another matter: 'snpvmm explain 0x15'.)",
		.exits = NOTHING_LAUNCHED,
		.causes = { "a key, a command or an option of a later version",
		            "'run' of a manifest that can only be measured: measure.profile "
		            "ec2 or gce, measure.ovmf_hash, or a firmware with a boot.kernel "
		            "that is no bzImage",
		            "an IGVM file as firmware",
		            "for 'inspect': a file, or a report's version, that it does not "
		            "know",
		            "for a direct boot: a kernel that is 32-bit, a zImage, older than "
		            "boot protocol 2.12, or too large for the memory below 3 GiB" },
		.cures = { "remove the key, or use what 'fix:' names in its stead",
		           "where the error says 'measured, not run', use 'snpvmm measure'" },
		.more = { "snpvmm check MANIFEST", "snpvmm --version" },
	},
	[ERROR_CONFLICT] = {
		.meaning = "two settings that exclude each other",
		.means = "Each of the two is right by itself. Together they have no meaning, "
		         "or one would be ignored, and then the digest would not say what the "
		         "manifest says.",
		.exits = NOTHING_LAUNCHED,
		.causes = { "boot.initrd without boot.kernel, or 'kernel_hashes: true' without "
		            "both a firmware and a kernel",
		            "measure.ovmf_hash without boot.firmware",
		            "builtin:selftest together with boot.kernel, measure.ovmf_hash or "
		            "'exit_port: false'",
		            "'exit: none' in the map 'expect' without expect.console",
		            "an exit_port where another device is: the serial port, the PCI "
		            "ports, fw_cfg and others" },
		.cures = { "leave one of the two out, or give what is missing; 'fix:' says which",
		           "look for the second setting on the command line too: --set counts "
		           "as the file does" },
		.more = { "snpvmm check MANIFEST", "man 5 snpvmm.yaml" },
	},
	[ERROR_FILE] = {
		.meaning = "a file cannot be opened or read",
		.means = "The manifest itself, or a file that it names, could not be read. The "
		         "sentence has the path as it was tried and the system's own reason. "
		         "Paths in a manifest count from the manifest's folder, not from where "
		         "the command runs.",
		.exits = NOTHING_LAUNCHED,
		.causes = { "a slip in the path, or a path that was meant from another folder",
		            "the file may not be read by this user",
		            "the path is a folder, a pipe or a device; images are read whole, "
		            "once, from regular files" },
		.cures = { "ls -l the path in the error line",
		           "give an absolute path, or one from the manifest's folder; with "
		           "--set the same holds",
		           "copy what comes from a pipe or a device into a file first" },
		.more = { "snpvmm check MANIFEST" },
	},
	[ERROR_FILE_CHANGED] = {
		.meaning = "a file changed while it was read",
		.means = "Between the first and the last byte that was read, the file's length "
		         "or times changed. What was read may be a mixture of two versions, "
		         "which nobody wants measured, so it is thrown away. An image that "
		         "changes later does no harm: each is read once, and what was measured "
		         "is what is launched.",
		.exits = NOTHING_LAUNCHED,
		.causes = { "a build is still writing the image",
		            "an image on a network file system is being replaced",
		            "two jobs share one output folder" },
		.cures = { "wait for the build, then run again",
		           "have builds write a new file and rename it into place",
		           "give each job a folder of its own" },
		.more = { "snpvmm check MANIFEST" },
	},
	[ERROR_FILE_TOO_LARGE] = {
		.meaning = "a file is larger than any that belongs there",
		.means = "Files are read whole, so each kind has a limit that no real one "
		         "reaches: 1 MiB for a manifest, 64 KiB for bytes given as file:PATH, "
		         "16 MiB for a firmware, 512 MiB for a kernel, 4 GiB for an initrd.",
		.exits = NOTHING_LAUNCHED,
		.causes = { "the path names another file than was meant, such as a disk image "
		            "as firmware",
		            "an initrd stands under boot.kernel" },
		.cures = { "compare path and size in the error line with the key",
		           "a disk's contents go into an initrd or stay on the disk; they are "
		           "no firmware" },
		.more = { "snpvmm inspect FILE", "snpvmm check MANIFEST" },
	},
	[ERROR_FILE_PIN] = {
		.meaning = "a file is not the one that the manifest pins",
		.means = "The manifest gives a file as { path, sha256 }, and the SHA-256 of "
		         "what was read is another. 'why:' has both. The pin did what it is "
		         "for: without it the launch digest would have changed, and nobody "
		         "would know by which file.",
		.exits = NOTHING_LAUNCHED,
		.causes = { "the file was rebuilt or updated, and the pin was not",
		            "another file lies at the path, on this machine",
		            "the pin was copied from another file, or is one of the packed file" },
		.cures = { "if the change is meant, write the new SHA-256 (sha256sum prints "
		           "it) and measure anew",
		           "if it is not, restore the file from where the pin came from" },
		.more = { "sha256sum FILE", "snpvmm measure MANIFEST" },
	},
	[ERROR_OUTSIDE_CONFINE] = {
		.meaning = "a file lies outside of the folder of --confine",
		.means = "With --confine DIR, every file that a manifest reads or writes must lie "
		         "below DIR, and so must the manifest. The kernel checks it in the same "
		         "call that opens the file, so nobody can change a symbolic link in "
		         "between. Nothing was opened outside of DIR.",
		.exits = NOTHING_LAUNCHED,
		.causes = { "an absolute path, or one with '..', that leads out of DIR",
		            "a symbolic link in DIR that points elsewhere, or whose target is an "
		            "absolute path",
		            "a path given by --set or -k that lies elsewhere: it counts as the "
		            "manifest's",
		            "somebody sent a manifest that is not to be trusted" },
		.cures = { "copy the file into DIR",
		           "make the symbolic link relative",
		           "name a DIR that holds the manifest and all of its files" },
		.more = { "man 1 snpvmm, SECURITY", "snpvmm check --confine DIR MANIFEST" },
	},
	[ERROR_BAD_FIRMWARE] = {
		.meaning = "the firmware image cannot start an SEV-SNP guest",
		.means = "boot.firmware is not an OVMF-style image, or its table of GUIDs or "
		         "its SEV metadata contradict themselves. The metadata says which "
		         "pages the guest needs before its first instruction, so without it "
		         "there is no launch and no digest.",
		.exits = NOTHING_LAUNCHED,
		.causes = { "an image without SEV metadata, such as Debian's OVMF_CODE_4M.fd",
		            "OVMF_VARS.fd alone, a kernel, an ELF file or a qcow2 disk instead "
		            "of the raw image",
		            "an image that was cut, padded or patched: its tables are found "
		            "from its end",
		            "metadata whose sections overlap each other or the image" },
		.cures = { "give OVMF.fd (code and variables in one), or the AmdSev build of "
		           "OVMF",
		           "build with SEV support: OvmfPkgX64 or AmdSevX64 of edk2",
		           "unpack packed images first: qemu-img convert -O raw IMAGE.qcow2 "
		           "IMAGE.fd" },
		.more = { "snpvmm inspect FILE" },
	},
	[ERROR_NO_HASH_PAGE] = {
		.meaning = "the firmware has no page for the kernel's hashes",
		.means = "A firmware gets the kernel from the host, which nobody has to "
		         "believe. So the hashes of kernel, initrd and command line go into a "
		         "measured page, and the firmware holds what it gets against them. "
		         "This image has no such page, or does not say where in it the table "
		         "belongs, so it can verify no kernel.",
		.exits = NOTHING_LAUNCHED,
		.causes = { "OvmfPkgX64 or a distribution's OVMF.fd, which verifies no kernel",
		            "an AmdSev build before edk2-stable202402, without a section of "
		            "type 0x10" },
		.cures = { "use an AmdSev build of OVMF, edk2-stable202408 or later",
		           "or leave boot.firmware out: the kernel is then booted directly, "
		           "and measured",
		           "or write 'kernel_hashes: false' in the map 'boot', if the kernel "
		           "may stay unmeasured" },
		.more = { "snpvmm inspect FILE", "snpvmm measure --pages MANIFEST" },
	},
	[ERROR_BAD_LAYOUT] = {
		.meaning = "parts of the guest's memory get in each other's way",
		.means = "Everything that is launched has an address of its own, in whole "
		         "pages. Here two parts overlap, one is not whole pages, there are two "
		         "of a kind that can be there once, or more than the launch has room "
		         "for. The plan is refused before anything is measured.",
		.exits = NOTHING_LAUNCHED,
		.causes = { "a firmware whose metadata names two pages of secrets or of CPUID",
		            "a firmware whose sections lie on other parts of the launch",
		            "with builtin:selftest or a kernel alone: a mistake of snpvmm's own" },
		.cures = { "compare the two addresses in the sentence with the image's metadata",
		           "build the firmware anew from an edk2 release, unpatched",
		           "if no firmware image is involved, report the error line and the "
		           "manifest" },
		.more = { "snpvmm inspect FILE", "snpvmm check MANIFEST" },
	},
	[ERROR_MEMORY_TOO_SMALL] = {
		.meaning = "the guest's memory does not hold what is to be in it",
		.means = "Something that the launch puts at a fixed place, or the kernel with "
		         "the room it needs to unpack itself and its initrd, does not fit into "
		         "'memory'. What exceeds 3G lies above 4 GiB, where neither kernel nor "
		         "initrd can be.",
		.exits = NOTHING_LAUNCHED,
		.causes = { "'memory' is small for this kernel and initrd",
		            "a firmware's image expects more memory: OVMF loads pages at 8 MiB "
		            "and above",
		            "builtin:selftest with less than it needs" },
		.cures = { "raise 'memory' to what 'fix:' says, and some more for the guest's "
		           "work",
		           "make the initrd smaller" },
		.more = { "snpvmm check MANIFEST", "snpvmm inspect FILE" },
	},
	[ERROR_BAD_POLICY] = {
		.meaning = "the guest policy is one that is not taken",
		.means = "snp.policy says what the host may do with the guest. Either it has "
		         "bits that no firmware takes, which is found in the manifest, or KVM "
		         "refused it at LAUNCH_START, before the firmware was asked.",
		.exits = "2 if the manifest is at fault, 99 if this host's KVM refuses it",
		.causes = { "bit 17 is clear, which must be set, or a bit from 26 on is set",
		            "Linux before 6.17 takes no policy that forbids SMT or asks for a "
		            "single socket",
		            "bit 18 (a migration agent), or a bit newer than this kernel" },
		.cures = { "write 0x30000, the usual one, or 0xb0000 to allow debugging",
		           "write the map, { smt: true, debug: false }: bit 17 is then set by "
		           "itself",
		           "for the newer bits use a newer kernel" },
		.more = { "snpvmm doctor", "man 5 snpvmm.yaml" },
	},
	[ERROR_BAD_ID_BLOCK] = {
		.meaning = "the ID block, or its authentication, is not usable",
		.means = "The ID block is the guest owner's signed word on the launch digest "
		         "and the policy; snp.id_block and snp.id_auth give it to the "
		         "firmware. One of them is missing, empty, for another policy than "
		         "snp.policy, or names an algorithm or a curve that the firmware does "
		         "not know; or a number in it has more than 384 bits. Signatures are "
		         "checked by the firmware alone: see 'snpvmm explain BAD_SIGNATURE'. A "
		         "block for another digest is 'measurement-differs'.",
		.exits = NOTHING_LAUNCHED,
		.causes = { "only one of the two keys is given",
		            "a block of zeros, or the two files exchanged",
		            "a key that is not on the curve P-384, or numbers in big-endian "
		            "order" },
		.cures = { "give both, 96 and 4096 bytes, or neither",
		           "make them with a P-384 key: algorithm 1, curve 2, all numbers "
		           "little-endian" },
		.more = { "snpvmm inspect FILE", "snpvmm measure MANIFEST" },
	},
	[ERROR_MEASUREMENT_DIFFERS] = {
		.meaning = "the launch digest is not the one that is expected",
		.means = "The digest of what would be launched is none of those in "
		         "expect.measurement, or not the one that the ID block names. 'why:' "
		         "has both. It was computed from the very "
		         "bytes that would be launched, before the host was touched.",
		.exits = "3; nothing was launched",
		.causes = { "firmware, kernel, initrd or command line changed, if only by a byte",
		            "another number of vCPUs, vcpu_type or snp.guest_features; for a "
		            "kernel booted directly another memory or exit_port too",
		            "the digest comes from another launcher, another profile, or "
		            "another version of snpvmm whose stage0 or selftest differs",
		            "expect.measurement is a map and has no entry for this number of "
		            "vCPUs" },
		.cures = { "compare 'measure --pages' with that of a launch that is right: the "
		           "first line whose digest differs names the part",
		           "pin files as { path, sha256 }, and the next change names its file",
		           "if the change is meant, write the new digest" },
		.more = { "snpvmm measure --pages MANIFEST",
		          "snpvmm measure --vcpus=1,2,4 MANIFEST" },
	},
	[ERROR_HOST_UNSUPPORTED] = {
		.meaning = "this host cannot launch the guest",
		.means = "Something is missing that no permission and no waiting brings: a "
		         "processor, a BIOS setting, a kernel, a feature. The sentence says "
		         "which. Another platform is never chosen in its stead, for a plain VM "
		         "protects nothing.",
		.exits = "99, or 77 with --skip-unsupported; nothing was launched",
		.causes = { "there is no /dev/kvm: KVM is not loaded, virtualisation is off, "
		            "or a container hides it",
		            "there is no /dev/sev: the module ccp is not loaded, or the BIOS "
		            "hides the PSP",
		            "KVM has no SEV-SNP VMs: a processor before EPYC 7003, SNP off in "
		            "BIOS or IOMMU, Linux before 6.11, or kvm_amd without sev_snp=1",
		            "the kernel lacks a feature of snp.guest_features, or the SEV firmware is old",
		            "no 1 GiB pages for guests, which direct boot needs under SNP" },
		.cures = { "have 'snpvmm doctor' say what is missing and what to change",
		           "to develop, run with --platform kvm: the guest is not protected",
		           "in CI, give --skip-unsupported, and hosts without SNP are skipped" },
		.more = { "snpvmm doctor" },
	},
	[ERROR_HOST_PERMISSION] = {
		.meaning = "this user may not use what the launch needs",
		.means = "The host has the device, and opening it was denied. 'run' needs to "
		         "read and write /dev/kvm, and for platform snp to read /dev/sev.",
		.exits = LAUNCH_FAILED,
		.causes = { "the user is not in the group 'kvm'",
		            "/dev/sev belongs to root alone, which is how most systems make it",
		            "a container, or a service, was not given the devices" },
		.cures = { "usermod -aG kvm USER, then log in anew",
		           "let that group read /dev/sev: 'make install' brings a udev rule, "
		           "KERNEL==\"sev\", GROUP=\"kvm\", MODE=\"0640\"",
		           "pass both devices into the container" },
		.more = { "ls -l /dev/kvm /dev/sev", "snpvmm doctor" },
	},
	[ERROR_HOST_BUSY] = {
		.meaning = "the host has no room for one more guest of this kind",
		.means = "What the launch needs exists, and others have all of it. An SNP "
		         "guest takes one of the ASIDs that the BIOS sets aside for SEV-ES and "
		         "SNP; a cgroup may allow fewer of them.",
		.exits = LAUNCH_FAILED,
		.causes = { "as many SEV-ES and SNP guests run as there are ASIDs",
		            "the cgroup's misc.max for sev_es is reached",
		            "a command of the secure processor timed out; it is back after a reboot",
		            "another program holds /dev/sev, or another hypervisor the processor",
		            "as many files are open as this process, or the host, may have" },
		.cures = { "end guests that are left over, or wait for others",
		           "raise misc.max of the cgroup",
		           "raise the ASID limit of SEV-ES in the BIOS",
		           "run fewer at a time: --jobs" },
		.more = { "snpvmm doctor", "cat /sys/fs/cgroup/misc.current" },
	},
	[ERROR_HOST_MEMORY] = {
		.meaning = "the host has no memory, or no thread, for it",
		.means = "The system refused memory, a thread or a descriptor: for the guest's "
		         "memory, for the images, which are read whole, or for snpvmm itself. "
		         "The pages of a protected guest are never swapped out. Under --jobs: the "
		         "kernel killed the process of a run because there was no memory.",
		.exits = "99; 2 if it was while manifest and images were read",
		.causes = { "'memory' is more than is free, or than the cgroup's limit",
		            "several guests run side by side",
		            "a limit of the shell or the service on memory, processes or open "
		            "files" },
		.cures = { "lower 'memory', or free some on the host",
		           "raise the cgroup's memory.max, pids.max, or the ulimit",
		           "run fewer at a time: --jobs" },
		.more = { "free -m", "ulimit -a" },
	},
	[ERROR_KVM] = {
		.meaning = "the kernel failed where it should not",
		.means = "A request to KVM failed, and not for a reason that has a name of its "
		         "own. The sentence names the request and the system's error. While "
		         "the guest runs, it is KVM_RUN that failed, or an exit that such a "
		         "guest cannot have.",
		.exits = LAUNCH_FAILED ", or KVM failed while the guest ran",
		.causes = { "KVM_RUN, Invalid argument: the guest sent an event that KVM rejects, or "
		            "(up to Linux 6.18) a GHCB not registered, as kernels without SNP do",
		            "KVM_RUN, Input/output error: KVM gave the VM up",
		            "LAUNCH_UPDATE, Input/output error without a firmware status: the "
		            "host had no memory for a page, or it was loaded twice",
		            "LAUNCH_START, Inappropriate ioctl: no guest context could be made",
		            "a bug in the kernel" },
		.cures = { "read the kernel log of that moment: kvm, kvm_amd and ccp say more",
		           "if builtin:selftest runs as firmware, look at the guest, else the "
		           "host",
		           "update the kernel" },
		.more = { "dmesg | grep -i -e sev -e kvm -e ccp", "snpvmm doctor", "snpvmm run "
		                                                                   "-v" },
	},
	[ERROR_FIRMWARE_REFUSED] = {
		.meaning = "the SNP firmware of the processor refused a command",
		.means = "The firmware of the AMD secure processor answered a step of the "
		         "launch with a status of its own. The sentence has the step, the "
		         "status's name and its number; 'why:' says what the status means, and "
		         "for an ID block or a CPUID page what differed.",
		.exits = LAUNCH_FAILED,
		.causes = { "BAD_MEASUREMENT, POLICY_FAILURE: the ID block is for another launch",
		            "BAD_SIGNATURE: the ID block's signature is wrong",
		            "INVALID_PARAM: the firmware does not vouch for a CPUID value, or "
		            "snp.id_auth is malformed",
		            "INVALID_CONFIG, INVALID_PLATFORM_STATE: BIOS settings, or SNP is "
		            "not up",
		            "an SEV firmware that is too old" },
		.cures = { "'snpvmm explain' has a page on each status, by name and by number",
		           "update BIOS and SEV firmware",
		           "try builtin:selftest with 'policy: 0x30000' and no ID block" },
		.more = { "snpvmm explain BAD_MEASUREMENT", "snpvmm doctor", "dmesg | grep -i "
		                                                             "sev" },
	},
	[ERROR_OUTPUT] = {
		.meaning = "output cannot be written",
		.means = "The console, a file that the manifest or an option names, or the "
		         "folder of results could not be written. What is written to is opened "
		         "before the launch, so that most of this shows before a guest runs. A "
		         "console that nobody takes ends the run: its output would be lost.",
		.exits = "2 before the launch, 1 after it; also where the guest itself passed",
		.causes = { "the disk is full, or a quota is reached",
		            "the reader of a pipe left: 'snpvmm run ... | head'",
		            "the path of --results is no folder, may not be written, or "
		            "another run writes there",
		            "serial, debug_port or --stats name a file in a folder that is not "
		            "there, or a symbolic link",
		            "-o json or -o cbor of a name that is not UTF-8" },
		.cures = { "free some room, or write elsewhere",
		           "read the console to its end, or write it to a file",
		           "give each run a folder of its own" },
		.more = { "df -h DIR" },
	},
	[ERROR_OUTPUT_CONFLICT] = {
		.meaning = "a run would write over its input or another output",
		.means = "Before anything is opened or removed, every file that the run would "
		         "write, make or remove is compared with every file that it reads and "
		         "with all others that it writes; with a matrix, across all its runs. "
		         "Two paths are the same file if device and inode say so: symbolic "
		         "and hard links count. Terminals, pipes and devices may be shared.",
		.exits = NOTHING_LAUNCHED "; no file was touched",
		.causes = { "serial, debug_port or --stats names the firmware, the kernel, the "
		            "manifest or another input, or a link to one",
		            "--results names the folder of the manifest or of an image, and "
		            "that has the name of a result file, such as manifest.yaml",
		            "two of serial, debug_port, --stats and the files of --results are "
		            "one file",
		            "standard output or standard error is redirected to such a file" },
		.cures = { "give the output a file of its own",
		           "give --results a folder of its own" },
		.more = { "snpvmm check MANIFEST", "ls -li FILE FILE" },
	},
	[ERROR_INTERNAL] = {
		.meaning = "a mistake of snpvmm itself",
		.means = "A check inside the program failed that no manifest and no image "
		         "should be able to reach. It stopped rather than go on with a wrong "
		         "plan. Or, under --jobs, the process of a run ended before it had a "
		         "result.",
		.exits = "2 before the launch, 99 during it; 128 + N if signal N killed the "
		         "process of a run",
		.causes = { "a bug",
		            "under --jobs: somebody killed the process of a run" },
		.cures = { "report it: the whole error line, the manifest, and what 'snpvmm "
		           "--version' says",
		           "try without the keys that are unusual in the manifest, to get on" },
		.more = { "snpvmm --version", "snpvmm run -v -v" },
	},
	[GUEST_EXITED] = {
		.meaning = "the guest gave its status at the exit port",
		.means = "The guest wrote a number to exit_port (0xf4 unless told otherwise), "
		         "which ends the run; the number is its status. Without expect.exit it "
		         "has to be 0, with a number there it has to be that number, and 'any' "
		         "takes each. On the verdict of a failure the status was another.",
		.exits = "0 if the status is as expected; else 1, or with --guest-status the "
		         "guest's status (1 to 255)",
		.causes = { "the test inside the guest failed; the console says which",
		            "the script was made for QEMU's isa-debug-exit, which turns N into "
		            "2 * N + 1; here N stays N",
		            "builtin:selftest found something wrong, and says so on the console" },
		.cures = { "read the console's last lines",
		           "write 'expect: { exit: N }' if another status is right, or 'any'",
		           "use --guest-status to hand the number on to a script" },
		.more = { "snpvmm run --results DIR MANIFEST" },
	},
	[GUEST_RESET] = {
		.meaning = "the guest asked for a reset",
		.means = "The guest wrote the reset register (port 0xcf9) or had the keyboard "
		         "controller reset it. A protected guest cannot be reset, only "
		         "launched anew, so a reset ends the run. That is an end like "
		         "power-off: it passes unless expect.exit is a number or lines of "
		         "expect.console are missing.",
		.exits = "0; 1 if a status was expected",
		.causes = { "the guest was told to reboot",
		            "its kernel panicked and 'panic=-1' is on the command line, as it "
		            "is by default; then a line with 'Kernel panic' came first and the "
		            "verdict is guest-panic, unless expect.never was changed",
		            "a firmware gave up and reset the machine" },
		.cures = { "read the console's last lines",
		           "have the test power off or write exit_port at its end; with "
		           "'expect: { exit: 0 }' nothing passes but that status" },
		.more = { "snpvmm run --results DIR MANIFEST" },
	},
	[GUEST_POWERED_OFF] = {
		.meaning = "the guest powered off",
		.means = "The guest wrote a sleep request to ACPI's ports, or told KVM of its "
		         "shutdown. That ends the run, and passes unless expect.exit is a "
		         "number or lines of expect.console are missing. It says nothing about "
		         "whether the work inside was done: expect a line or a status for that.",
		.exits = "0; 1 if a status was expected",
		.causes = { "the guest's work was done",
		            "the guest's init failed and powered off in an orderly way",
		            "on a failure: expect.exit is a number, and the exit port was "
		            "never written" },
		.cures = { "read the console's last lines",
		           "have the guest write its status to exit_port, or leave expect.exit "
		           "out" },
		.more = { "snpvmm run --results DIR MANIFEST" },
	},
	[GUEST_PANICKED] = {
		.meaning = "the guest's kernel panicked",
		.means = "A line with 'Kernel panic' came on the console, which expect.never "
		         "forbids by default. The run then goes on for one second at most, so "
		         "that the trace is seen, and ends as a failure, whatever the guest "
		         "does.",
		.exits = NOT_MET,
		.causes = { "no root file system or no init: the initrd lacks what the kernel "
		            "needs",
		            "too little 'memory' for the initrd",
		            "a driver or a processor feature that an SNP guest does not have",
		            "a bug in the guest's kernel" },
		.cures = { "read the lines above the panic: the first one that fails is the "
		           "cause",
		           "run the same manifest with --platform kvm: if it panics too, SNP "
		           "is not to blame",
		           "if panics are what is tested, write 'never: []' in the map 'expect'" },
		.more = { "snpvmm run --results DIR MANIFEST", "snpvmm run --platform kvm "
		                                               "MANIFEST" },
	},
	[GUEST_TERMINATED] = {
		.meaning = "the guest asked to be terminated",
		.means = "The guest found that it cannot go on and said so by the GHCB "
		         "protocol, or stage0 refused to start the kernel. A reason is a set "
		         "and a code: set 0 is the GHCB specification's, set 1 that of Linux "
		         "and firmware. Some hosts' kernels keep the reason to their log.",
		.exits = NOT_MET,
		.causes = { "stage0: the SHA-256 of kernel or initrd is not the measured one, "
		            "so the host handed over something else",
		            "0:1, 0:2: the guest wants a protocol or a feature that this host "
		            "or snp.guest_features does not give",
		            "1:1, 1:2: a page could not be made private or validated",
		            "1:4, 1:5: CPUID values that the guest does not believe" },
		.cures = { "read the verdict: the reason stands there in words",
		           "use a guest kernel 5.19 or later with CONFIG_AMD_MEM_ENCRYPT, and "
		           "a firmware of edk2-stable202405 or later",
		           "look into the host's kernel log where no reason is given" },
		.more = { "snpvmm run -v MANIFEST", "dmesg | grep -i sev" },
	},
	[GUEST_SHUTDOWN] = {
		.meaning = "a vCPU shut down: a triple fault",
		.means = "The processor met a fault while it handled a double fault, and "
		         "stopped the vCPU. An SNP guest also ends like this if the first "
		         "state of a vCPU is one that the processor does not run. With -v, a "
		         "plain VM's registers are told; of a protected guest nobody can see "
		         "them.",
		.exits = NOT_MET,
		.causes = { "the guest jumped to where there is no code, before it had "
		            "handlers for faults",
		            "page tables that map nothing, or have the C-bit where it does not "
		            "belong",
		            "a kernel without SNP support, started directly",
		            "Linux resets itself by a triple fault where it finds no other way" },
		.cures = { "run it with --platform kvm -v and look at the registers",
		           "try another firmware or kernel, or builtin:selftest",
		           "look for the last line on console and debug port" },
		.more = { "snpvmm run --platform kvm -v MANIFEST",
		          "snpvmm run --set debug_port=stderr MANIFEST" },
	},
	[GUEST_CRASHED] = {
		.meaning = "the guest told KVM that it crashed",
		.means = "KVM reported a crash event. Guests that see Hyper-V's features "
		         "announce their crash by it; snpvmm offers none of these, so hardly "
		         "any guest does.",
		.exits = NOT_MET,
		.causes = { "the guest's kernel crashed and said so by Hyper-V's crash register" },
		.cures = { "read the console's last lines",
		           "keep console and debug port in files to compare with a run that "
		           "passes" },
		.more = { "snpvmm run --results DIR MANIFEST" },
	},
	[GUEST_HALTED] = {
		.meaning = "all vCPUs are halted with interrupts off",
		.means = "Every vCPU executed HLT with interrupts off, or was never started, so "
		         "none of them will ever run again. A halted machine isn't powered off, "
		         "and gives no status: whatever was expected, this fails, unless "
		         "'exit: none' is in the map 'expect' and every expected line had come. "
		         "KVM keeps it to itself, so a guest without exits is looked at now and "
		         "then, and twice before this is said.",
		.exits = NOT_MET,
		.causes = { "the guest ended by halt instead of poweroff or reboot: Linux says "
		            "'reboot: System halted'",
		            "a firmware or a boot loader gave up: its last words are on console or "
		            "debug port",
		            "a small guest of one's own that ends in 'cli; hlt'" },
		.cures = { "end the guest by poweroff, by reboot, or at the exit port",
		           "read the console's last line in the verdict" },
		.more = { "snpvmm run --results DIR MANIFEST",
		          "snpvmm run --set debug_port=stderr MANIFEST" },
	},
	[MEMORY_FAULT] = {
		.meaning = "the guest touched memory that cannot be served",
		.means = "An SNP guest has private and shared pages, and says of each which it "
		         "is. It touched an address in a way that cannot be: there is no "
		         "memory, or the host has no page to give. The verdict has the address "
		         "and the kind of access. A page of the wrong kind alone is converted, "
		         "and ends no run.",
		.exits = NOT_MET,
		.causes = { "0xfee00000: firmware before edk2-stable202405 touches the local "
		            "APIC as if it were private memory",
		            "an address outside 'memory' that the guest takes for memory, or "
		            "for a device that is not there",
		            "the host ran out of memory" },
		.cures = { "use a firmware of edk2-stable202405 or later",
		           "see whether the address lies inside 'memory'",
		           "free memory on the host, or lower 'memory'" },
		.more = { "snpvmm inspect FILE", "snpvmm run --stats MANIFEST", "dmesg" },
	},
	[KVM_INTERNAL] = {
		.meaning = "KVM gave up on a vCPU",
		.means = "KVM met a state of the guest that it cannot carry on from; the "
		         "verdict has its number and that number in words. With -v, a plain "
		         "VM's registers follow.",
		.exits = NOT_MET,
		.causes = { "an instruction that KVM cannot emulate: mostly the guest runs "
		            "where there is no memory, or data as code",
		            "two exceptions at once, or one while an interrupt was delivered: "
		            "page tables or descriptor tables are broken",
		            "an exit that this kernel does not know" },
		.cures = { "look at rip among the registers: does it lie in code of the guest?",
		           "try the image with more 'memory', and another one",
		           "update the host's kernel" },
		.more = { "snpvmm run --platform kvm -v MANIFEST", "dmesg | grep -i kvm" },
	},
	[KVM_ENTRY_FAILED] = {
		.meaning = "the processor refused to enter a vCPU",
		.means = "VMRUN, or its counterpart on other processors, failed, and the vCPU "
		         "ran no further. The verdict has the hardware's reason as a number. "
		         "It counts as a failed launch.",
		.exits = LAUNCH_FAILED,
		.causes = { "a state of the vCPU that the processor does not allow",
		            "a VMSA that the guest made for another vCPU (AP creation), and that "
		            "can't run: Linux 7 says so, older kernels leave the vCPU waiting",
		            "a page of a vCPU's state that the RMP does not give to the guest",
		            "KVM inside a VM, with a hypervisor below that lacks a feature" },
		.cures = { "try builtin:selftest, to see whether any guest runs on this host",
		           "update kernel, BIOS and SEV firmware",
		           "run it on the machine itself, not inside a VM" },
		.more = { "snpvmm doctor", "dmesg | grep -i -e kvm -e sev" },
	},
	[CONSOLE_COMPLETE] = {
		.meaning = "every expected line came, and the guest need not end",
		.means = "With 'exit: none' in the map 'expect' a guest may run for ever: once "
		         "the last line of expect.console came, snpvmm ends it, and the run "
		         "passes. It fails still if a line of expect.never comes first, or if "
		         "the guest ends before.",
		.exits = "0",
		.causes = { "the guest did what was expected of it" },
		.cures = { "nothing has to be done",
		           "if the guest should also end by itself, leave 'exit: none' out" },
		.more = { "snpvmm run --results DIR MANIFEST" },
	},
	[CONSOLE_MISSING] = {
		.meaning = "the guest ended before every expected line had come",
		.means = "The lines of expect.console are looked for in their order, one after "
		         "the other; a line of the console fits one of them at most. The guest "
		         "ended in a way that would have passed, and some had not come. The "
		         "verdict says which was next.",
		.exits = NOT_MET,
		.causes = { "the guest failed before it came so far",
		            "the lines come in another order, or one was to fit two expressions",
		            "the expression does not fit: '(', ')', '[', '+', '?', '.', '|' "
		            "and '$' have a meaning",
		            "the text goes to another console: 'console=ttyS0' is missing from "
		            "boot.cmdline, or 'quiet' is there" },
		.cures = { "compare serial.log with the expressions, line by line: grep -P "
		           "EXPRESSION serial.log",
		           "put a backslash before what stands for itself, and the whole in "
		           "single quotes" },
		.more = { "snpvmm run --results DIR MANIFEST", "man 5 snpvmm.yaml" },
	},
	[CONSOLE_FORBIDDEN] = {
		.meaning = "a line came that must never come",
		.means = "A line of the console fits an expression of expect.never. The run "
		         "goes on for one second at most, so that what follows is seen, and "
		         "ends as a failure, whatever the guest does. For a line with 'Kernel "
		         "panic' the verdict is guest-panic.",
		.exits = NOT_MET,
		.causes = { "the guest met what the expression is to find",
		            "the expression fits more than was meant: it may fit any part of a "
		            "line" },
		.cures = { "read the line in the verdict and those around it on the console",
		           "bind the expression to the line with '^' and '$', or make it longer" },
		.more = { "snpvmm run --results DIR MANIFEST", "man 5 snpvmm.yaml" },
	},
	[CONSOLE_UNDECIDED] = {
		.meaning = "matching a line of the console took too long",
		.means = "Each expression of expect.console and expect.never is matched in "
		         "steps, and each byte of the console brings a few thousand of them. "
		         "They ran out before it was clear whether the line in the verdict "
		         "fits the expression there. The run ends as a failure: else a guest "
		         "could hide what must never come behind such a line.",
		.exits = NOT_MET,
		.causes = { "repetitions within repetitions, as in '(a+)+$': each further "
		            "character doubles the ways to try",
		            "many parts that match anything, as in '.*a.*b.*c', in a very long "
		            "line" },
		.cures = { "write the expression so that a text fits it in one way only: 'a+$'",
		           "bind it to the line with '^', and write [^,]* for .* where a comma "
		           "ends it" },
		.more = { "snpvmm run --results DIR MANIFEST", "man 5 snpvmm.yaml" },
	},
	[RUN_TIMED_OUT] = {
		.meaning = "the guest did not end within the time limit",
		.means = "The limit, 'timeout' (60s unless told otherwise), was reached, and "
		         "the guest was ended. With -v the registers of a plain VM's vCPUs are "
		         "told.",
		.exits = "124",
		.causes = { "the guest hangs, or waits for input or a device that is not there",
		            "the guest works, and the limit is too short for this host",
		            "the firmware stopped on purpose: AmdSev builds of "
		            "edk2-stable202408 and later loop for ever if a kernel is not the "
		            "measured one; the verdict says so",
		            "a guest that is to run for ever: 'exit: none' in the map 'expect' "
		            "is for it",
		            "the console goes elsewhere: boot.cmdline lacks 'console=ttyS0'" },
		.cures = { "read the last line of console and debug port",
		           "give it more time, and set 'silence' to end a hanging guest early: "
		           "--set timeout=5m --set silence=30s" },
		.more = { "snpvmm run --stats -v MANIFEST",
		          "snpvmm run --set debug_port=stderr MANIFEST" },
	},
	[RUN_SILENT] = {
		.meaning = "nothing came on the console for too long",
		.means = "'silence' limits the time since the last byte on the console, or "
		         "since the guest began. It was reached, and the guest was ended, "
		         "however much of 'timeout' was left.",
		.exits = "124",
		.causes = { "the guest hangs",
		            "it works without a word: unpacking, hashing, a long test",
		            "the console goes elsewhere: boot.cmdline lacks 'console=ttyS0', "
		            "or has 'quiet'",
		            "a firmware that prints only to the debug port, which does not "
		            "count" },
		.cures = { "read the last line of the console: what came next hangs",
		           "raise 'silence', or leave it out; have the guest say something as "
		           "it works" },
		.more = { "snpvmm run --stats -v MANIFEST",
		          "snpvmm run --set debug_port=stderr MANIFEST" },
	},
	[RUN_SIGNALLED] = {
		.meaning = "snpvmm was told to stop",
		.means = "SIGINT, SIGTERM or SIGHUP came. The first one ends the guest in an "
		         "orderly way: the rest of the console and the results are written. A "
		         "second one kills snpvmm at once. A signal that was ignored when "
		         "snpvmm started, as under nohup, stays ignored.",
		.exits = "128 + N for signal number N: 130 for SIGINT, 143 for SIGTERM",
		.causes = { "Ctrl-C, which ends snpvmm even while all other keys go to the guest",
		            "a CI job that was cancelled or reached its own time limit",
		            "the terminal was closed, or the machine shuts down" },
		.cures = { "give the run a 'timeout' below that of the CI job: then the "
		           "verdict says why",
		           "give CI some seconds between SIGTERM and SIGKILL, for the results" },
		.more = { "snpvmm run --results DIR MANIFEST" },
	},
};
static_assert(ARRAY_SIZE(pages) == REASONS, "a reason without a page");

const struct page *page_of(enum reason reason)
{
	return &pages[reason];
}
