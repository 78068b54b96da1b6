// SPDX-License-Identifier: BSD-2-Clause
#include "stats/names.h"

#include "ruleset/check.h"

namespace xdpctl::stats {

std::string_view name(xdpctl_verdict verdict) {
    switch (verdict) {
    case XDPCTL_ACCEPT:
        return "accept";
    case XDPCTL_DROP:
        return "drop";
    case XDPCTL_VERDICTS:
        break;
    }
    return "unknown";
}

std::string_view name(ruleset::Verdict verdict) {
    return verdict == ruleset::Verdict::Accept ? "accept" : "drop";
}

std::string_view name(xdpctl_reason reason) {
    switch (reason) {
    case XDPCTL_REASON_RULE:
        return "rule";
    case XDPCTL_REASON_POLICY:
        return "policy";
    case XDPCTL_REASON_STAGE_MISS:
        return "stage-miss";
    case XDPCTL_REASON_STAGE_ERROR:
        return "stage-error";
    case XDPCTL_MALFORMED_ETHERNET:
        return "malformed-ethernet";
    case XDPCTL_MALFORMED_VLAN:
        return "malformed-vlan";
    case XDPCTL_MALFORMED_VLAN_DEPTH:
        return "malformed-vlan-depth";
    case XDPCTL_MALFORMED_ARP:
        return "malformed-arp";
    case XDPCTL_MALFORMED_IPV4:
        return "malformed-ipv4";
    case XDPCTL_MALFORMED_IPV4_LENGTH:
        return "malformed-ipv4-length";
    case XDPCTL_MALFORMED_IPV6:
        return "malformed-ipv6";
    case XDPCTL_MALFORMED_IPV6_LENGTH:
        return "malformed-ipv6-length";
    case XDPCTL_MALFORMED_IPV6_EXTENSION:
        return "malformed-ipv6-extension";
    case XDPCTL_MALFORMED_IPV6_DEPTH:
        return "malformed-ipv6-depth";
    case XDPCTL_MALFORMED_TCP:
        return "malformed-tcp";
    case XDPCTL_MALFORMED_UDP:
        return "malformed-udp";
    case XDPCTL_MALFORMED_SCTP:
        return "malformed-sctp";
    case XDPCTL_MALFORMED_ICMP:
        return "malformed-icmp";
    case XDPCTL_MALFORMED_NONLINEAR:
        return "malformed-nonlinear";
    case XDPCTL_REASONS:
        break;
    }
    return "unknown";
}

std::string_view meaning(xdpctl_reason reason) {
    switch (reason) {
    case XDPCTL_REASON_RULE:
        return "a rule's verdict";
    case XDPCTL_REASON_POLICY:
        return "no rule decided: the chain's policy";
    case XDPCTL_REASON_STAGE_MISS:
        return "a tail call found no program: the chain's policy";
    case XDPCTL_REASON_STAGE_ERROR:
        return "a map lookup that cannot fail failed: the chain's policy";
    case XDPCTL_MALFORMED_ETHERNET:
        return "the frame is shorter than an Ethernet header";
    case XDPCTL_MALFORMED_VLAN:
        return "a VLAN tag is truncated";
    case XDPCTL_MALFORMED_VLAN_DEPTH:
        return "there are more than two VLAN tags";
    case XDPCTL_MALFORMED_ARP:
        return "the ARP header is truncated";
    case XDPCTL_MALFORMED_IPV4:
        return "the IPv4 header is truncated, or has the wrong version or a length below 20";
    case XDPCTL_MALFORMED_IPV4_LENGTH:
        return "the IPv4 total length is shorter than the header or past the frame";
    case XDPCTL_MALFORMED_IPV6:
        return "the IPv6 header is truncated or has the wrong version";
    case XDPCTL_MALFORMED_IPV6_LENGTH:
        return "the IPv6 payload length is past the frame";
    case XDPCTL_MALFORMED_IPV6_EXTENSION:
        return "an IPv6 extension header is truncated";
    case XDPCTL_MALFORMED_IPV6_DEPTH:
        return "there are more IPv6 extension headers than are followed";
    case XDPCTL_MALFORMED_TCP:
        return "the TCP header is truncated, or its data offset is below 5 or past the packet";
    case XDPCTL_MALFORMED_UDP:
        return "the UDP header is truncated, or its length is below 8 or past the packet";
    case XDPCTL_MALFORMED_SCTP:
        return "the SCTP header is truncated";
    case XDPCTL_MALFORMED_ICMP:
        return "the ICMP header is truncated";
    case XDPCTL_MALFORMED_NONLINEAR:
        return "a header lies outside the part of the frame that BPF can read";
    case XDPCTL_REASONS:
        break;
    }
    return "unknown";
}

std::string_view name(ruleset::Hook hook) {
    return ruleset::hook_name(hook);
}

std::string_view name(xdpctl_mode mode) {
    switch (mode) {
    case XDPCTL_MODE_AUTO:
        return "auto";
    case XDPCTL_MODE_NATIVE:
        return "native";
    case XDPCTL_MODE_GENERIC:
        return "generic";
    case XDPCTL_MODE_OFFLOAD:
        return "offload";
    case XDPCTL_MODE_TC:
        return "tc";
    }
    return "unknown";
}

std::string_view name(xdpctl_attachment attachment) {
    switch (attachment) {
    case XDPCTL_ATTACHMENT_NONE:
        return "none";
    case XDPCTL_ATTACHMENT_XDP_LINK:
        return "xdp-link";
    case XDPCTL_ATTACHMENT_XDP_DISPATCHER:
        return "dispatcher";
    case XDPCTL_ATTACHMENT_TCX_LINK:
        return "tcx";
    case XDPCTL_ATTACHMENT_CLSACT:
        return "clsact";
    }
    return "unknown";
}

std::string_view name(kernel::Presence presence) {
    switch (presence) {
    case kernel::Presence::Active:
        return "active";
    case kernel::Presence::DeviceGone:
        return "device-gone";
    case kernel::Presence::OtherNamespace:
        return "other-namespace";
    case kernel::Presence::ProgramGone:
        return "program-gone";
    }
    return "unknown";
}

}  // namespace xdpctl::stats
