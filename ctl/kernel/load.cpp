// SPDX-License-Identifier: BSD-2-Clause
#include "kernel/load.h"

#include <bpf/bpf.h>

#include <array>
#include <cerrno>
#include <cstring>

#include "kernel/libbpf_log.h"

namespace xdpctl::kernel {

namespace {

constexpr unsigned log_lines = 12;
// Kernels before 6.4 refuse to load when the log does not fit; this is enough for the end of any failing path.
constexpr std::size_t log_size = std::size_t{16} << 20;
constexpr const char* license = "Dual BSD/GPL";

// The verifier's part of what libbpf said; empty when the verifier was not asked.
std::string_view verifier_log(std::string_view said) {
    constexpr std::string_view begin = "-- BEGIN PROG LOAD LOG --\n";
    const std::size_t from = said.find(begin);
    if (from == std::string_view::npos)
        return {};
    said.remove_prefix(from + begin.size());
    return said.substr(0, said.find("-- END PROG LOAD LOG --"));
}

std::unexpected<Error> refused(int error, std::string what, std::string_view log) {
    if (error == EPERM)
        return fail(ErrorKind::Privilege, std::move(what), "the kernel asks for more capabilities",
                    "run it as root, or with CAP_BPF, CAP_NET_ADMIN and CAP_PERFMON");
    if (log.empty())
        return fail_errno(error, std::move(what));
    if (error == E2BIG)
        return fail(ErrorKind::Limit, std::move(what), last_lines(log, log_lines),
                    "the program is more than this kernel's verifier looks through: use fewer rules");
    return fail(ErrorKind::Rejected, std::move(what), last_lines(log, log_lines),
                "this is the end of the verifier's log: please report it with the kernel's version");
}

constexpr bpf_insn set_r0{
    .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0, .src_reg = 0, .off = 0, .imm = XDP_PASS};
constexpr bpf_insn leave{.code = BPF_JMP | BPF_EXIT, .dst_reg = 0, .src_reg = 0, .off = 0, .imm = 0};
constexpr std::uint8_t jcond = 0xe0;  // BPF_JCOND, which older headers lack

bool loads(const char* name, std::uint32_t flags, std::span<const bpf_insn> instructions) {
    LIBBPF_OPTS(bpf_prog_load_opts, options);
    options.prog_flags = flags;
    return Fd(bpf_prog_load(BPF_PROG_TYPE_XDP, name, license, instructions.data(), instructions.size(), &options))
        .valid();
}

}  // namespace

Result<Fd> load_program(const char* name, const ProgramType& type, std::span<const bpf_insn> instructions) {
    LIBBPF_OPTS(bpf_prog_load_opts, options);
    options.prog_flags = type.flags;
    const auto load = [&] {
        return bpf_prog_load(type.type, name, license, instructions.data(), instructions.size(), &options);
    };
    Fd program(load());
    if (program.valid())
        return program;
    int error = errno;
    // Writing the log costs more than the verification: only a failure pays for it.
    std::string log(log_size, '\0');
    options.log_level = 1;
    options.log_buf = log.data();
    options.log_size = static_cast<std::uint32_t>(log.size());
    if (program = Fd(load()); program.valid())
        return program;
    if (errno != ENOSPC)
        error = errno;
    log.resize(std::strlen(log.data()));
    return refused(error, std::string("cannot load program ") + name, log);
}

void set_type(bpf_program* program, const ProgramType& type) {
    bpf_program__set_expected_attach_type(program, bpf_attach_type{});
    bpf_program__set_flags(program, type.flags);
}

Status load_object(bpf_object* object, std::string what) {
    const LibbpfLog log;
    const int error = bpf_object__load(object);
    if (error == 0)
        return {};
    const std::string_view verifier = verifier_log(log.text());
    auto failed = refused(-error, std::move(what), verifier);
    if (verifier.empty() && failed.error().kind != ErrorKind::Privilege && !log.text().empty())
        failed.error().cause += "\n" + last_lines(log.text(), log_lines);
    return failed;
}

bool xdp_frags_supported() {
    // Not a setting: the running kernel's answer never changes.
    static const bool supported = loads("probe_frags", BPF_F_XDP_HAS_FRAGS, std::array{set_r0, leave});
    return supported;
}

bool may_goto_supported() {
    constexpr bpf_insn may_skip_one{.code = BPF_JMP | jcond, .dst_reg = 0, .src_reg = 0, .off = 1, .imm = 0};
    static const bool supported = loads("probe_may_goto", 0, std::array{set_r0, may_skip_one, set_r0, leave});
    return supported;
}

bool compare_and_exchange_supported() {
    constexpr std::uint8_t frame = BPF_REG_10;
    constexpr bpf_insn store{.code = BPF_STX | BPF_MEM | BPF_DW, .dst_reg = frame, .src_reg = 0, .off = -8, .imm = 0};
    constexpr bpf_insn exchange{
        .code = BPF_STX | BPF_ATOMIC | BPF_DW, .dst_reg = frame, .src_reg = 0, .off = -8, .imm = BPF_CMPXCHG};
    static const bool supported = loads("probe_cmpxchg", 0, std::array{set_r0, store, exchange, set_r0, leave});
    return supported;
}

compile::Loops loops_supported() {
    if (may_goto_supported())
        return compile::Loops::Free;
    return xdp_frags_supported() ? compile::Loops::Bounded : compile::Loops::None;
}

}  // namespace xdpctl::kernel
