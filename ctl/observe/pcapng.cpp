// SPDX-License-Identifier: BSD-2-Clause
#include "observe/pcapng.h"

#include <fmt/format.h>
#include <linux/bpf.h>
#include <linux/pkt_cls.h>
#include <sys/utsname.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "stats/names.h"

namespace xdpctl::observe {

namespace {

using Bytes = std::vector<std::byte>;

// Block types and option codes of the specification.
constexpr std::uint32_t section_header = 0x0a0d0d0a;
constexpr std::uint32_t interface_description = 1;
constexpr std::uint32_t interface_statistics = 5;
constexpr std::uint32_t enhanced_packet = 6;
constexpr std::uint32_t byte_order_magic = 0x1a2b3c4d;
constexpr std::uint16_t link_type_ethernet = 1;

constexpr std::uint16_t opt_end = 0;
constexpr std::uint16_t opt_comment = 1;
constexpr std::uint16_t shb_os = 3;
constexpr std::uint16_t shb_userappl = 4;
constexpr std::uint16_t if_name = 2;
constexpr std::uint16_t if_description = 3;
constexpr std::uint16_t if_tsresol = 9;
constexpr std::uint16_t if_filter = 11;
constexpr std::uint16_t epb_flags = 2;
constexpr std::uint16_t epb_verdict = 7;
constexpr std::uint16_t isb_starttime = 2;
constexpr std::uint16_t isb_endtime = 3;
constexpr std::uint16_t isb_ifrecv = 4;
constexpr std::uint16_t isb_ifdrop = 5;

constexpr std::byte nanoseconds{9};   // if_tsresol: 10^-9
constexpr std::byte filter_text{0};   // if_filter: a libpcap expression
constexpr std::uint32_t inbound = 1;  // epb_flags
constexpr std::uint32_t outbound = 2;
constexpr std::byte verdict_of_tc{1};  // epb_verdict
constexpr std::byte verdict_of_xdp{2};

constexpr std::uint16_t option_max = 0xffff;

// Numbers are in the host's order, which the section header tells.
template <typename T>
void put(Bytes& out, T value) {
    const auto* bytes = reinterpret_cast<const std::byte*>(&value);
    out.insert(out.end(), bytes, bytes + sizeof(value));
}

void pad(Bytes& out) {
    out.resize((out.size() + 3) / 4 * 4);
}

void put_option(Bytes& out, std::uint16_t code, std::span<const std::byte> value) {
    const std::size_t size = std::min<std::size_t>(value.size(), option_max);
    put(out, code);
    put(out, static_cast<std::uint16_t>(size));
    out.insert(out.end(), value.begin(), value.begin() + static_cast<std::ptrdiff_t>(size));
    pad(out);
}

void put_option(Bytes& out, std::uint16_t code, std::string_view text) {
    put_option(out, code, std::as_bytes(std::span(text)));
}

template <typename T>
void put_number(Bytes& out, std::uint16_t code, T value) {
    put_option(out, code, std::as_bytes(std::span(&value, 1)));
}

void end_options(Bytes& out) {
    put_option(out, opt_end, std::span<const std::byte>());
}

// Upper half first, whatever the host's order.
void put_time(Bytes& out, Time time) {
    const auto count = static_cast<std::uint64_t>(time.time_since_epoch().count());
    put(out, static_cast<std::uint32_t>(count >> 32U));
    put(out, static_cast<std::uint32_t>(count));
}

void put_time(Bytes& out, std::uint16_t code, Time time) {
    Bytes value;
    put_time(value, time);
    put_option(out, code, value);
}

// What the programs returned.
std::uint64_t code_of(JudgedAt layer, std::uint8_t verdict) {
    if (layer == JudgedAt::Xdp)
        return verdict == XDPCTL_DROP ? XDP_DROP : XDP_PASS;
    return static_cast<std::uint64_t>(std::int64_t{verdict == XDPCTL_DROP ? TC_ACT_SHOT : TC_ACT_UNSPEC});
}

void put_verdict(Bytes& out, JudgedAt layer, std::uint8_t verdict) {
    Bytes value{layer == JudgedAt::Xdp ? verdict_of_xdp : verdict_of_tc};
    put(value, code_of(layer, verdict));
    put_option(out, epb_verdict, value);
}

}  // namespace

void PcapngWriter::Close::operator()(std::FILE* file) const {
    if (file != stdout)
        std::fclose(file);
}

Result<PcapngWriter> PcapngWriter::create(const std::string& path, std::string_view version, std::string_view filter,
                                          std::uint32_t snaplen) {
    std::unique_ptr<std::FILE, Close> file(path == "-" ? stdout : std::fopen(path.c_str(), "wbe"));
    if (!file)
        return fail_errno(errno, fmt::format("cannot write {}", path));
    PcapngWriter writer(path, std::move(file), filter, snaplen);
    writer.write_section(version);
    XDPCTL_TRY(writer.flush());
    return writer;
}

void PcapngWriter::write_section(std::string_view version) {
    Bytes body;
    put(body, byte_order_magic);
    put(body, std::uint16_t{1});
    put(body, std::uint16_t{0});
    put(body, ~std::uint64_t{0});  // its length is not known
    utsname system{};
    if (uname(&system) == 0)
        put_option(body, shb_os, fmt::format("{} {}", system.sysname, system.release));
    put_option(body, shb_userappl, fmt::format("xdpctl {}", version));
    end_options(body);
    write_block(section_header, body);
}

std::uint32_t PcapngWriter::interface_of(const Report& report) {
    const auto number = static_cast<std::uint32_t>(interfaces_.size());
    const auto [found, is_new] = interfaces_.try_emplace({std::string(report.interface), report.chain->hook}, number);
    if (!is_new)
        return found->second;
    Bytes body;
    put(body, link_type_ethernet);
    put(body, std::uint16_t{0});
    put(body, snaplen_);
    put_option(body, if_name, report.interface);
    put_option(body, if_description,
               fmt::format("{}, chain {} {}", stats::name(report.chain->hook), report.table->name, report.chain->name));
    put_option(body, if_tsresol, std::span(&nanoseconds, 1));
    if (!filter_.empty()) {
        Bytes value{filter_text};
        const auto text = std::as_bytes(std::span(filter_));
        value.insert(value.end(), text.begin(), text.end());
        put_option(body, if_filter, value);
    }
    end_options(body);
    write_block(interface_description, body);
    return number;
}

void PcapngWriter::write(const Report& report, JudgedAt layer) {
    const std::uint32_t interface = interface_of(report);
    Bytes body;
    body.reserve(report.frame.size() + 256);
    put(body, interface);
    put_time(body, report.time);
    put(body, static_cast<std::uint32_t>(report.frame.size()));
    put(body, report.length);
    body.insert(body.end(), report.frame.begin(), report.frame.end());
    pad(body);
    put_option(body, opt_comment, decision(report));
    put_number(body, epb_flags, report.chain->hook == ruleset::Hook::Ingress ? inbound : outbound);
    put_verdict(body, layer, report.packet->verdict);
    end_options(body);
    write_block(enhanced_packet, body);
}

Status PcapngWriter::flush() {
    if (error_ == 0 && std::fflush(file_.get()) != 0)
        error_ = errno;
    if (error_ != 0)
        return fail_errno(error_, fmt::format("cannot write {}", path_));
    return {};
}

Status PcapngWriter::finish(const Totals& totals) {
    for (const auto& [key, number] : interfaces_) {
        Bytes body;
        put(body, number);
        put_time(body, totals.ended);
        put_time(body, isb_starttime, totals.started);
        put_time(body, isb_endtime, totals.ended);
        // Counted over all of them.
        if (number == 0) {
            put_number(body, isb_ifrecv, totals.received);
            put_number(body, isb_ifdrop, totals.lost);
        }
        end_options(body);
        write_block(interface_statistics, body);
    }
    return flush();
}

void PcapngWriter::write_block(std::uint32_t type, const Bytes& body) {
    if (error_ != 0)
        return;
    const auto length = static_cast<std::uint32_t>(body.size() + 12);
    const std::uint32_t head[2] = {type, length};
    const bool written = std::fwrite(head, sizeof(head), 1, file_.get()) == 1 &&
                         std::fwrite(body.data(), 1, body.size(), file_.get()) == body.size() &&
                         std::fwrite(&length, sizeof(length), 1, file_.get()) == 1;
    if (!written)
        error_ = errno;
}

}  // namespace xdpctl::observe
