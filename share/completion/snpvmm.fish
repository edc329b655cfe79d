# SPDX-License-Identifier: MIT
# share/completion/snpvmm.fish: completion for fish; 'snpvmm completion fish' prints it.

# COMMAND...: is the command on the line one of these? '' stands for none yet. An option before it may take a word.
function __snpvmm_in
    set -l words (commandline -opc)
    set -l command ''
    set -l skip
    for word in $words[2..]
        if test -n "$skip"
            set skip
        else if string match -q -- '-*' $word
            contains -- $word --output -o --color --sandbox; and set skip 1
        else
            set command $word
            break
        end
    end
    contains -- "$command" $argv
end

# The word being typed, without an option or a key in front of its value.
function __snpvmm_typed
    string replace -r -- '^(--[^=]*=|-[^-])' '' (commandline -ct)
end

# KIND [TEXT]: the files whose names begin with TEXT, or with the word being typed.
function __snpvmm_files
    set -q argv[2]; or set argv[2] (__snpvmm_typed)
    set -l all (complete -C "__snpvmm_no_command $argv[2]")
    switch $argv[1]
        case any
            printf '%s\n' $all
        case folders
            string match -r -- '^.*/$' $all
        case manifests
            string match -r -- '^.*(?:/|\.ya?ml)$' $all; or printf '%s\n' $all
    end
end

# KEY=VALUE, after --set.
function __snpvmm_setting
    set -l parts (string split -m 1 = -- (__snpvmm_typed))
    set -l keys \
        version name platform boot.firmware boot.kernel boot.initrd boot.cmdline boot.kernel_hashes \
        boot.vars.path boot.vars.keep boot.accept \
        vcpus vcpu_type memory snp.policy snp.guest_features snp.host_data snp.gosvw snp.id_block \
        snp.id_auth snp.identity.id_key snp.identity.author_key snp.identity.family_id \
        snp.identity.image_id snp.identity.svn snp.certs \
        measure.profile measure.ovmf_hash measure.svsm measure.vars_size serial debug_port exit_port log_limit disks vsock rng hvc \
        expect.measurement expect.console expect.never expect.exit expect.report timeout silence matrix
    if test (count $parts) -lt 2
        printf '%s=\n' $keys
        return
    end
    set -l words
    set -l files
    switch $parts[1]
        case platform
            set words snp kvm
        case boot.firmware
            set words builtin:selftest
            set files any
        case boot.kernel boot.initrd boot.vars.path
            set files any
        case boot.vars.keep
            set words true false
            set files any
        case boot.kernel_hashes rng hvc expect.report
            set words true false
        case boot.accept
            set words auto eager lazy
        case vcpu_type
            set words \
                EPYC EPYC-v1 EPYC-v2 EPYC-v3 EPYC-v4 EPYC-v5 EPYC-IBPB EPYC-Rome EPYC-Rome-v1 \
                EPYC-Rome-v2 EPYC-Rome-v3 EPYC-Rome-v4 EPYC-Rome-v5 EPYC-Milan EPYC-Milan-v1 \
                EPYC-Milan-v2 EPYC-Milan-v3 EPYC-Genoa EPYC-Genoa-v1 EPYC-Genoa-v2 EPYC-Turin \
                EPYC-Turin-v1 EPYC-Turin-v2
        case snp.identity.id_key
            set words ephemeral
            set files any
        case snp.identity.author_key disks
            set files any
        case snp.host_data
            set words random
        case measure.profile
            set words qemu ec2 gce svsm igvm igvmmeasure igvmmeasure-native-zero cloud-hypervisor
        case serial
            set words stdout none
            set files any
        case debug_port
            set words none stderr
            set files any
        case exit_port
            set words false
        case vsock
            set words auto
        case expect.exit
            set words any none
    end
    test -z "$files"; or set -a words (__snpvmm_files $files "$parts[2]")
    test -z "$words"; or printf "$parts[1]=%s\n" $words
end

complete -c snpvmm -e
complete -c snpvmm -f

# The commands.
complete -c snpvmm -n "__snpvmm_in ''" -a run -d 'Launch the guest and wait for its end'
complete -c snpvmm -n "__snpvmm_in ''" -a measure -d 'Print the launch digest, offline'
complete -c snpvmm -n "__snpvmm_in ''" -a plan -d 'List the steps of a launch, offline'
complete -c snpvmm -n "__snpvmm_in ''" -a diff -d 'Say what differs between two launches'
complete -c snpvmm -n "__snpvmm_in ''" -a inspect -d 'Show what an image, ID block or report contains'
complete -c snpvmm -n "__snpvmm_in ''" -a verify -d 'Verify an attestation report'
complete -c snpvmm -n "__snpvmm_in ''" -a certs -d 'Make a certificate table for guests'
complete -c snpvmm -n "__snpvmm_in ''" -a check -d 'Find what is wrong with a manifest'
complete -c snpvmm -n "__snpvmm_in ''" -a idblock -d 'Make and sign the ID block of a launch'
complete -c snpvmm -n "__snpvmm_in ''" -a doctor -d 'Say what this host can launch and what it lacks'
complete -c snpvmm -n "__snpvmm_in ''" -a explain -d 'Explain an error\'s name, or a digest'
complete -c snpvmm -n "__snpvmm_in ''" -a schema -d 'Print the manifest\'s JSON Schema'
complete -c snpvmm -n "__snpvmm_in ''" -a completion -d 'Print a script for bash, zsh or fish'
complete -c snpvmm -n "__snpvmm_in ''" -a help -d 'Explain COMMAND, or list the commands'
complete -c snpvmm -n "__snpvmm_in ''" -a version -d 'Print the version'

# Their arguments.
complete -c snpvmm -n '__snpvmm_in run measure plan check idblock' -a '(__snpvmm_files manifests)'
complete -c snpvmm -n '__snpvmm_in diff inspect verify certs' -a '(__snpvmm_files any)'
complete -c snpvmm -n '__snpvmm_in completion' -a 'bash zsh fish'
complete -c snpvmm -n '__snpvmm_in help' \
    -a 'run measure plan diff inspect verify certs check idblock doctor explain schema completion help version'
complete -c snpvmm -n '__snpvmm_in explain; and string match -q -- "*--want*" (commandline -opc)' -a '(__snpvmm_files manifests)'
complete -c snpvmm -n '__snpvmm_in explain; and not string match -q -- "*--want*" (commandline -opc)' -a '
    usage syntax unknown-key duplicate-key missing-key bad-value unsupported conflict
    file-unreadable file-changed file-too-large file-differs outside-confine bad-firmware
    no-hash-page bad-layout memory-too-small bad-policy bad-key bad-id-block bad-certificate
    measurement-differs host-unsupported host-permission host-busy host-memory kvm-error
    firmware-refused output-failed output-conflict internal guest-exit guest-reset guest-power-off
    guest-panic guest-terminated guest-shutdown guest-crash guest-halted guest-rejected
    memory-fault kvm-internal-error kvm-entry-failed console-complete console-missing console-forbidden
    console-undecided report-missing report-differs timeout silence signal debugger-kill sandbox report-malformed report-unsigned not-authentic
    chain-broken root-not-trusted certificate-expired certificate-revoked revocation-unknown
    processor-differs signature-bad tcb-mismatch chip-mismatch policy-differs debug-allowed
    host-data-differs id-key-differs author-key-differs family-id-differs image-id-differs
    svn-differs migration-differs vmpl-differs nonce-differs tcb-too-old firmware-too-old
    platform-bit mitigation-missing
'

# Options of all commands, which can also come before the command.
complete -c snpvmm -s q -l quiet -d 'Print only errors and results'
complete -c snpvmm -s v -l verbose -d 'Print more; give it twice for even more'
complete -c snpvmm -l sandbox -x -a 'on log off' -d 'Confine runs and commands that read files (by default)'
complete -c snpvmm -l color -x -a 'auto always never' -d 'When to use colours (NO_COLOR is honoured)'
complete -c snpvmm -s h -l help -d 'Print this help'
complete -c snpvmm -l usage -d 'Print a short usage message'
complete -c snpvmm -s V -l version -d 'Print the version'

complete -c snpvmm -n "__snpvmm_in '' run verify" -s o -l output -x -a 'text json cbor tap' -d 'The form of the result'
complete -c snpvmm -n '__snpvmm_in measure plan diff inspect check idblock doctor explain' -s o -l output -x -a 'text json cbor' -d 'The form of the result'

# Options of commands that take a manifest.
complete -c snpvmm -n '__snpvmm_in run measure plan diff verify check idblock' -s k -l kernel -x -a '(__snpvmm_files any)' -d 'boot.kernel: a bzImage'
complete -c snpvmm -n '__snpvmm_in run measure plan diff verify check idblock' -s i -l initrd -x -a '(__snpvmm_files any)' -d 'boot.initrd; may be repeated'
complete -c snpvmm -n '__snpvmm_in run measure plan diff verify check idblock' -s a -l cmdline -x -d 'boot.cmdline: the kernel command line'
complete -c snpvmm -n '__snpvmm_in run measure plan diff verify check idblock' -s f -l firmware -x -a '(__snpvmm_files any)' -d 'boot.firmware: an OVMF-style image'
complete -c snpvmm -n '__snpvmm_in run measure plan diff verify check idblock' -s m -l memory -x -d 'memory, such as 1G'
complete -c snpvmm -n '__snpvmm_in run measure plan diff verify check idblock' -s c -l cpus -x -d 'vcpus'
complete -c snpvmm -n '__snpvmm_in run measure plan diff verify check idblock' -l print-manifest -d 'Print the manifest that these options stand for'
complete -c snpvmm -n '__snpvmm_in run measure plan diff verify check idblock explain' -s S -l set -x -a '(__snpvmm_setting)' -d 'Override one key of the manifest'
complete -c snpvmm -n '__snpvmm_in run measure plan diff verify check idblock explain' -s P -l platform -x -a 'snp kvm' -d 'snp, or kvm: a plain VM that protects nothing'
complete -c snpvmm -n '__snpvmm_in run measure plan diff verify check idblock explain' -l confine -x -a '(__snpvmm_files folders)' -d 'Refuse a manifest that names a file outside this folder'

# Options of run.
complete -c snpvmm -n '__snpvmm_in run' -l results -x -a '(__snpvmm_files folders)' -d 'Write result files into this folder, however the run ends'
complete -c snpvmm -n '__snpvmm_in run' -l guest-status -d 'If the guest\'s own status fails the run, return it instead of 1'
complete -c snpvmm -n '__snpvmm_in run' -l skip-unsupported -d 'Return 77 if this host cannot launch the guest'
complete -c snpvmm -n '__snpvmm_in run' -s j -l jobs -x -d 'Run up to N at once, of a matrix or of several manifests'
complete -c snpvmm -n '__snpvmm_in run' -l timeout -x -d 'A time limit for the whole command, such as 90s or 10m'
complete -c snpvmm -n '__snpvmm_in run' -l retries -x -d 'Try again up to N times after a failure of the host'
complete -c snpvmm -n '__snpvmm_in run' -l prove -d 'Have the SEV firmware compare the measurement, by an ID block'
complete -c snpvmm -n '__snpvmm_in run' -l dry-run -d 'Launch nothing; list the steps of the launch, as \'plan\' does'
complete -c snpvmm -n '__snpvmm_in run' -l certs -x -a '(__snpvmm_files any)' -d 'Certificates for the guest\'s report (expect.report), as for \'verify\'; may be repeated'
complete -c snpvmm -n '__snpvmm_in run' -l root -x -a '(__snpvmm_files any)' -d 'Trust this root certificate as well; for test chains only'
complete -c snpvmm -n '__snpvmm_in run' -l gdb -d 'Wait for GDB before the first instruction, at port 1234 or WHERE; for platform kvm'
complete -c snpvmm -n '__snpvmm_in run' -l symbols -x -a '(__snpvmm_files folders)' -d 'Name functions of the firmware by MODULE.debug files in this folder'
complete -c snpvmm -n '__snpvmm_in run' -l stats -f -a '(__snpvmm_files any)' -d 'Count the guest\'s exits; with a file, write the counts there as JSON'
complete -c snpvmm -n '__snpvmm_in run' -s s -d 'The same as --stats'
complete -c snpvmm -n '__snpvmm_in run' -s p -l prefix -d 'Print whole lines, each after serial: or debug:'

# Options of measure.
complete -c snpvmm -n '__snpvmm_in measure' -s n -l vcpus -x -d 'Print the digest for each of these numbers of vCPUs'
complete -c snpvmm -n '__snpvmm_in measure' -s p -l pages -d 'Also list the regions, with the digest after each'
complete -c snpvmm -n '__snpvmm_in measure' -l format -x -a 'corim corim-veraison' -d 'Print reference values for verifiers: corim or corim-veraison'
complete -c snpvmm -n '__snpvmm_in measure' -l sign -x -a '(__snpvmm_files any)' -d 'Sign them with this key, on P-384 (COSE_Sign1)'
complete -c snpvmm -n '__snpvmm_in measure' -l signer -x -d 'The name of who signs; snpvmm by default'

# Options of plan.
complete -c snpvmm -n '__snpvmm_in plan' -l igvm -x -a '(__snpvmm_files any)' -d 'Write the launch as an IGVM file, instead of listing it'
complete -c snpvmm -n '__snpvmm_in plan' -s p -l pages -d 'Also list each page, with its contents\' hash and the digest after it'

# Options of verify.
complete -c snpvmm -n '__snpvmm_in verify' -l certs -x -a '(__snpvmm_files any)' -d 'Certificates: PEM, DER, a certificate table, or a folder of them; may be repeated'
complete -c snpvmm -n '__snpvmm_in verify' -l crl -x -a '(__snpvmm_files any)' -d 'A certificate revocation list (CRL); may be repeated'
complete -c snpvmm -n '__snpvmm_in verify' -l root -x -a '(__snpvmm_files any)' -d 'Trust this root certificate as well; for test chains only'
complete -c snpvmm -n '__snpvmm_in verify' -l time -x -d 'Check certificates as of this time: RFC 3339, or seconds since 1970 (default: now)'
complete -c snpvmm -n '__snpvmm_in verify' -l report-data -x -d 'Expected REPORT_DATA, such as a nonce: up to 64 bytes, padded with zeros'
complete -c snpvmm -n '__snpvmm_in verify' -l vmpl -x -d 'Expected VMPL (default: 0)'
complete -c snpvmm -n '__snpvmm_in verify' -l min-tcb -x -d 'Minimum versions in the TCB: fmc, bl, tee, snp, ucode, as in bl=4,snp=24'
complete -c snpvmm -n '__snpvmm_in verify' -l min-firmware -x -d 'Minimum firmware version, as in 1.55.29'
complete -c snpvmm -n '__snpvmm_in verify' -l require -x -a 'smt tsme ecc rapl_dis ciphertext_hiding alias_check_complete iommu_write_safe tio' -d 'Platform features that must be on: smt, tsme, ecc, rapl_dis, ciphertext_hiding, alias_check_complete, iommu_write_safe, tio'
complete -c snpvmm -n '__snpvmm_in verify' -l forbid -x -a 'smt tsme ecc rapl_dis ciphertext_hiding alias_check_complete iommu_write_safe tio' -d 'Platform features that must be off'
complete -c snpvmm -n '__snpvmm_in verify' -l require-mitigations -x -d 'Bits that must be set in both mitigation vectors, as in 0x3f'
complete -c snpvmm -n '__snpvmm_in verify' -l unauthenticated -d 'Do without certificates: then anyone could have made the report'

# Options of idblock.
complete -c snpvmm -n '__snpvmm_in idblock' -s d -l directory -x -a '(__snpvmm_files folders)' -d 'Write the files into this folder, not the current one'
complete -c snpvmm -n '__snpvmm_in idblock' -l base64 -d 'Write the files as base64, for other tools'
complete -c snpvmm -n '__snpvmm_in idblock' -l print-tbs -d 'Print what has to be signed; with -d, write it into files, too'
complete -c snpvmm -n '__snpvmm_in idblock' -l id-signature -x -a '(__snpvmm_files any)' -d 'The ID key\'s signature, made elsewhere: DER, or R and S as 96 bytes'
complete -c snpvmm -n '__snpvmm_in idblock' -l author-signature -x -a '(__snpvmm_files any)' -d 'The same of the author key'

# Options of explain.
complete -c snpvmm -n '__snpvmm_in explain' -l want -x -d 'Search for settings of MANIFEST that give this digest'
complete -c snpvmm -n '__snpvmm_in explain' -l firmware -x -a '(__snpvmm_files any)' -d 'Try this as boot.firmware, too; may be repeated'
complete -c snpvmm -n '__snpvmm_in explain' -l kernel -x -a '(__snpvmm_files any)' -d 'Try this as boot.kernel, too; may be repeated'
complete -c snpvmm -n '__snpvmm_in explain' -l initrd -x -a '(__snpvmm_files any)' -d 'Try this as boot.initrd, too; may be repeated'
complete -c snpvmm -n '__snpvmm_in explain' -l budget -x -d 'CPU time for the search; 1s by default'
