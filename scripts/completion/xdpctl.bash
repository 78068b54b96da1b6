# SPDX-License-Identifier: BSD-2-Clause
# Completion of xdpctl(8) for bash.

# Options that every command has.
_xdpctl_common='--batch --help --json --lock-timeout --quiet --version'

_xdpctl_interfaces() {
    local path
    for path in /sys/class/net/*; do
        echo "${path##*/}"
    done
}

# What can follow an option as its value; fails when the option has none.
_xdpctl_values() {
    case $1 in
    --hook) echo 'ingress egress' ;;
    --mode) if [[ $2 == test-run || $2 == explain || $2 == plan ]]; then echo 'xdp tc'; else echo 'auto native generic offload tc'; fi ;;
    --iface | --device) _xdpctl_interfaces ;;
    --reason) echo 'rule policy malformed stage-miss stage-error' ;;
    --lock-timeout | --watch | --live | --max | --number | --timeout | --listen | --max-rules | --confirm | --count | --filter | --interval | --rate | --rule | --sample | --snaplen) echo ;;
    --sort) echo 'packets bytes total handle' ;;
    *) return 1 ;;
    esac
}

# Options and words of a command.
_xdpctl_words() {
    case $1 in
    attach) echo "--hook --mode $(_xdpctl_interfaces)" ;;
    detach) echo "--all --hook $(_xdpctl_interfaces)" ;;
    'rule add' | 'rule insert')
        echo '--hook netdev position ether vlan ip ip6 tcp udp sctp icmp icmpv6 meta iifname oifname counter log limit accept drop jump goto return comment'
        ;;
    'rule replace' | 'rule delete') echo '--hook netdev handle' ;;
    'rule list') echo '--handles --hook --stateless netdev' ;;
    'chain policy') echo '--hook netdev accept drop' ;;
    'set load') echo '--file netdev' ;;
    'set '*) echo netdev ;;
    apply) echo '--confirm --device --dry-run --file --progress' ;;
    confirm) echo '--revert' ;;
    save) echo '--counters' ;;
    check) echo '--device --file' ;;
    'list tables') echo '--handles' ;;
    'list chain' | 'list chains' | 'list map' | 'list maps' | 'list set' | 'list sets') echo '--handles --stateless' ;;
    'list ruleset') echo '--cost --handles --stateless' ;;
    'import iptables' | 'import ip6tables') echo '--chain --check --device --partial --sets --table --to-chain' ;;
    'import nft') echo '--chain --check --device --partial --table --to-chain' ;;
    'import ipset') echo '--check --partial --table' ;;
    'flush chain') echo '--hook netdev' ;;
    stats) echo "--rates --reset --watch $(_xdpctl_interfaces)" ;;
    capture) echo '--accept --count --drop --hook --iface --reason --rule --sample --snaplen --timeout --write' ;;
    monitor) echo '--accept --changes --count --drop --hook --iface --log --rate --reason --rule --sample --snaplen --timeout' ;;
    explain) echo '--all --hook --iface --live --mode --number --pcap --ruleset --timeout tcp udp sctp icmp icmpv6 arp ip ip6 ether hex' ;;
    doctor) echo "--problems --strict $(_xdpctl_interfaces)" ;;
    exporter) echo '--listen --max-rules --once --sizes --times' ;;
    histogram) echo "--hook --sizes --timeout --times $(_xdpctl_interfaces)" ;;
    top) echo "--count --filter --interval --sample --sort --talkers $(_xdpctl_interfaces)" ;;
    test) echo '--junit --tap --verbose' ;;
    lint) echo '--cost' ;;
    plan) echo '--hook --iface --max --mode --pcap --sample' ;;
    test-run) echo '--hook --iface --mode --out --pcap --ruleset' ;;
    rule) echo 'add delete insert list replace' ;;
    chain) echo 'add delete policy rename' ;;
    import) echo 'ip6tables ipset iptables nft' ;;
    set) echo 'add delete flush list load swap test' ;;
    list) echo 'chain chains map maps ruleset set sets tables' ;;
    flush) echo 'chain ruleset' ;;
    '') echo 'apply attach capture chain check confirm detach doctor explain exporter flush histogram import lint list monitor plan restore rule save set stats status test test-run top version' ;;
    esac
}

_xdpctl() {
    local current=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD - 1]}
    local command='' word i values
    COMPREPLY=()

    for ((i = 1; i < COMP_CWORD; i++)); do
        word=${COMP_WORDS[i]}
        case "$command $word" in
        *' -'*) [[ $word == -b || $word == --batch || $word == --lock-timeout ]] && ((i++)) ;;
        ' '*) command=$word ;;
        'rule '* | 'chain '* | 'set '* | 'list '* | 'flush '* | 'import '*)
            command="$command $word"
            break
            ;;
        *) break ;;
        esac
    done

    case $previous in
    -b | --batch | -f | --file | --junit | --pcap | --ruleset | --out | -w | --write | save | restore)
        mapfile -t COMPREPLY < <(compgen -f -- "$current")
        compopt -o filenames 2>/dev/null
        return
        ;;
    esac
    case $command in
    lint | plan | test)
        if [[ $current != -* ]]; then
            mapfile -t COMPREPLY < <(compgen -f -- "$current")
            compopt -o filenames 2>/dev/null
            return
        fi
        ;;
    esac
    if values=$(_xdpctl_values "$previous" "$command"); then
        mapfile -t COMPREPLY < <(compgen -W "$values" -- "$current")
        return
    fi
    mapfile -t COMPREPLY < <(compgen -W "$(_xdpctl_words "$command") $_xdpctl_common" -- "$current")
}

complete -F _xdpctl xdpctl
