# SPDX-License-Identifier: MIT
# share/completion/snpvmm.bash: completion for bash; 'snpvmm completion bash' prints it.
#
# The first four functions are tables. They set `words` and `files` (none, any, folders, manifests, or settings:
# KEY=VALUE) to what is offered and, for an option with an argument, `takes`: next word, or only the same word.

# COMMAND: its options; without COMMAND, those that can come before a command.
_snpvmm_options() {
  words=(--quiet -q --verbose -v --color --sandbox --help -h --usage --version -V)
  case $1 in
    '' | run | measure | plan | diff | inspect | verify | check | idblock | doctor | explain) words+=(--output -o) ;;
  esac
  case $1 in
    run | measure | plan | diff | verify | check | idblock)
      words+=(--kernel -k --initrd -i --cmdline -a --firmware -f --memory -m --cpus -c --print-manifest
        --set -S --platform -P --confine)
      ;;
  esac
  case $1 in
    run)
      words+=(--results --guest-status --skip-unsupported --jobs -j --timeout --retries --prove
        --dry-run --certs --root --gdb --symbols --stats -s --prefix -p)
      ;;
    measure) words+=(--vcpus -n --pages -p --format --sign --signer) ;;
    plan) words+=(--pages -p --igvm) ;;
    verify)
      words+=(--certs --crl --root --time --report-data --vmpl --min-tcb --min-firmware --require
        --forbid --require-mitigations --unauthenticated)
      ;;
    idblock) words+=(--directory -d --base64 --print-tbs --id-signature --author-signature) ;;
    explain)
      words+=(--want --firmware --kernel --initrd --budget --set -S --platform -P --confine) ;;
  esac
}

# COMMAND OPTION: its argument.
_snpvmm_option() {
  case $2 in
    --color) takes=next words=(auto always never) ;;
    --sandbox) takes=next words=(on log off) ;;
    --output | -o)
      takes=next words=(text json cbor)
      [[ $1 && $1 != run && $1 != verify ]] || words+=(tap)
      ;;
    --platform | -P) takes=next words=(snp kvm) ;;
    --format) takes=next words=(corim corim-veraison) ;;
    --sign | --igvm) takes=next files=any ;;
    --signer) takes=next ;;
    --set | -S) takes=next files=settings ;;
    --kernel | -k | --initrd | -i | --firmware | -f) takes=next files=any ;;
    --confine | --results | --symbols | --directory | -d) takes=next files=folders ;;
    --id-signature | --author-signature) takes=next files=any ;;
    --cmdline | -a | --memory | -m | --cpus | -c | --vcpus | -n) takes=next ;;
    --jobs | -j | --timeout | --retries | --want | --budget) takes=next ;;
    --gdb) takes=same ;;
    --stats) takes=same files=any ;;
    --certs | --crl | --root) takes=next files=any ;;
    --time | --report-data | --vmpl | --min-tcb | --min-firmware | --require-mitigations) takes=next ;;
    --require | --forbid)
      takes=next
      words=(smt tsme ecc rapl_dis ciphertext_hiding alias_check_complete iommu_write_safe tio)
      ;;
  esac
}

# COMMAND: its arguments; without one, the commands.
_snpvmm_arguments() {
  case $1 in
    '' | help) words=(run measure plan diff inspect verify certs check idblock doctor explain schema completion help version) ;;
    run | measure | plan | check | idblock) files=manifests ;;
    diff | inspect | verify | certs) files=any ;;
    completion) words=(bash zsh fish) ;;
    explain)
      [[ " ${line[*]}" != *" --want"* ]] || { files=manifests && return; }
      words=(
        usage syntax unknown-key duplicate-key missing-key bad-value unsupported conflict
        file-unreadable file-changed file-too-large file-differs outside-confine bad-firmware
        no-hash-page bad-layout memory-too-small bad-policy bad-key bad-id-block bad-certificate
        measurement-differs host-unsupported host-permission host-busy host-memory kvm-error
        firmware-refused output-failed output-conflict internal guest-exit guest-reset
        guest-power-off guest-panic guest-terminated guest-shutdown guest-crash guest-halted
        guest-rejected memory-fault kvm-internal-error kvm-entry-failed console-complete console-missing
        console-forbidden console-undecided report-missing report-differs timeout silence signal debugger-kill sandbox report-malformed report-unsigned
        not-authentic chain-broken root-not-trusted certificate-expired certificate-revoked
        revocation-unknown processor-differs signature-bad tcb-mismatch chip-mismatch policy-differs
        debug-allowed host-data-differs id-key-differs author-key-differs family-id-differs
        image-id-differs svn-differs migration-differs vmpl-differs nonce-differs tcb-too-old
        firmware-too-old platform-bit mitigation-missing
      )
      ;;
  esac
}

# KEY: its values after --set; without one, the keys.
_snpvmm_value() {
  case $1 in
    '')
      words=(
        version= name= platform= boot.firmware= boot.kernel= boot.initrd= boot.cmdline=
        boot.kernel_hashes= boot.vars.path= boot.vars.keep= boot.accept= vcpus= vcpu_type= memory= snp.policy=
        snp.guest_features= snp.host_data=
        snp.gosvw= snp.id_block= snp.id_auth= snp.identity.id_key= snp.identity.author_key=
        snp.identity.family_id= snp.identity.image_id= snp.identity.svn= snp.certs= measure.profile=
        measure.ovmf_hash= measure.svsm= measure.vars_size= serial= debug_port= exit_port= log_limit= disks= vsock= rng= hvc=
        expect.measurement= expect.console= expect.never=
        expect.exit= expect.report= timeout= silence= matrix=
      )
      ;;
    platform) words=(snp kvm) ;;
    boot.firmware) words=(builtin:selftest) files=any ;;
    boot.kernel | boot.initrd | boot.vars.path | measure.svsm) files=any ;;
    boot.vars.keep) words=(true false) files=any ;;
    boot.kernel_hashes | rng | hvc | expect.report) words=(true false) ;;
    boot.accept) words=(auto eager lazy) ;;
    vcpu_type)
      words=(
        EPYC EPYC-v1 EPYC-v2 EPYC-v3 EPYC-v4 EPYC-v5 EPYC-IBPB EPYC-Rome EPYC-Rome-v1 EPYC-Rome-v2
        EPYC-Rome-v3 EPYC-Rome-v4 EPYC-Rome-v5 EPYC-Milan EPYC-Milan-v1 EPYC-Milan-v2 EPYC-Milan-v3
        EPYC-Genoa EPYC-Genoa-v1 EPYC-Genoa-v2 EPYC-Turin EPYC-Turin-v1 EPYC-Turin-v2
      )
      ;;
    snp.identity.id_key) words=(ephemeral) files=any ;;
    snp.identity.author_key | disks) files=any ;;
    snp.host_data) words=(random) ;;
    measure.profile) words=(qemu ec2 gce svsm igvm igvmmeasure igvmmeasure-native-zero cloud-hypervisor) ;;
    serial) words=(stdout none) files=any ;;
    debug_port) words=(none stderr) files=any ;;
    exit_port) words=(false) ;;
    vsock) words=(auto) ;;
    expect.exit) words=(any none) ;;
  esac
}

# readline splits words at '=' and ':' if COMP_WORDBREAKS has them. This joins them again in `line`; _snpvmm_offer
# removes from its offers what is before the last of these characters.
_snpvmm_line() {
  local i apart rest=${COMP_LINE:0:COMP_POINT}
  line=()
  for ((i = 0; i <= COMP_CWORD; i++)); do
    apart=
    [[ $i == 0 || $rest == [[:space:]]* ]] && apart=1
    rest=${rest#"${rest%%[![:space:]]*}"}
    local word=${COMP_WORDS[i]}
    ((i < COMP_CWORD)) || word=$rest
    rest=${rest#"$word"}
    if [[ $apart ]]; then line+=("$word"); else line[-1]+=$word; fi
  done
}

# COMMAND WORD: if the last option in WORD takes the next word as its argument, sets `option` to it.
_snpvmm_pending() {
  local i takes words files
  case $2 in
  --*=*) ;;
  --*)
    _snpvmm_option "$1" "$2"
    [[ $takes != next ]] || option=$2
    ;;
  *)
    for ((i = 1; i < ${#2}; i++)); do
      _snpvmm_option "$1" "-${2:i:1}"
      [[ $takes ]] || continue
      [[ $takes != next || $i -lt $((${#2} - 1)) ]] || option=-${2:i:1}
      return
    done
    ;;
  esac
}

# TEXT: the files whose names begin with it.
_snpvmm_files() {
  local found
  while IFS= read -r found; do
    full+=("$prefix$found")
  done < <(case $files in
    any) compgen -f -- "$1" ;;
    folders) compgen -d -- "$1" ;;
    manifests) compgen -d -- "$1"; compgen -f -X '!*.yaml' -- "$1"; compgen -f -X '!*.yml' -- "$1" ;;
  esac)
  [[ $files == none || $files == settings ]] || compopt -o filenames 2>/dev/null
}

# TEXT: fills COMPREPLY with the offers that begin with it.
_snpvmm_offer() {
  local word full=() before=$prefix$1
  for word in "${words[@]}"; do
    [[ $word != "$1"* ]] || full+=("$prefix$word")
  done
  _snpvmm_files "$1"
  if [[ $files == manifests ]] && ((!${#full[@]})); then files=any; _snpvmm_files "$1"; fi
  case $COMP_WORDBREAKS in
  *=*:* | *:*=*) before=${before%"${before##*[=:]}"} ;;
  *=*) before=${before%"${before##*=}"} ;;
  *:*) before=${before%"${before##*:}"} ;;
  *) before= ;;
  esac
  ((${#full[@]})) && COMPREPLY=("${full[@]#"$before"}")
}

_snpvmm() {
  local line=() words=() files=none takes='' prefix='' word
  local command='' option='' ended=''
  COMPREPLY=()
  _snpvmm_line
  for word in "${line[@]:1:${#line[@]}-2}"; do
    if [[ $option ]]; then option=''
    elif [[ ! $ended && $word == -- ]]; then ended=1
    elif [[ ! $ended && $word == -?* ]]; then _snpvmm_pending "$command" "$word"
    else command=${command:-$word}; fi
  done
  word=${line[-1]}
  if [[ $option ]]; then _snpvmm_option "$command" "$option"
  elif [[ ! $ended && $word == --*=* ]]; then
    prefix=${word%%=*}=
    _snpvmm_option "$command" "${word%%=*}"
  elif [[ ! $ended && $word == -* ]]; then _snpvmm_options "$command"
  else _snpvmm_arguments "$command"; fi
  word=${word#"$prefix"}
  if [[ $files == settings && $word == *=* ]]; then
    prefix+=${word%%=*}= words=() files=none
    _snpvmm_value "${word%%=*}"
    word=${word#*=}
  elif [[ $files == settings ]]; then
    _snpvmm_value ''
    compopt -o nospace 2>/dev/null
  fi
  _snpvmm_offer "$word"
}
complete -F _snpvmm snpvmm
