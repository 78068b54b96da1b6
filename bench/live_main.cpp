// SPDX-License-Identifier: BSD-2-Clause
// xdpctl-bench-live: sends frames over a veth pair into whatever filter is on its other end, and prints what they cost
// the receiving CPU. The ends are written NAMESPACE:DEVICE, the namespace by its file.
#include <bpf/libbpf.h>
#include <fmt/format.h>
#include <linux/if_link.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <cstring>
#include <exception>
#include <stdexcept>
#include <string>

#include "bench/bare_drop.h"
#include "bench/receiver.h"
#include "bench/sender.h"
#include "support/netns.h"

namespace {

using namespace xdpctl;

constexpr unsigned sender_cpu = 0;
constexpr unsigned receiver_cpu = 1;

// "/proc/42/ns/net:eth0"
class End {
public:
    explicit End(const std::string& text)
        : netns_(text.substr(0, text.find(':'))), device_(netns_, text.substr(text.find(':') + 1)) {}

    [[nodiscard]] const test::VethEnd& device() const { return device_; }

private:
    test::Netns netns_;
    test::VethEnd device_;
};

// Everything is dropped by a program that does nothing else, until the device goes.
void attach_bare_drop(const std::string& device) {
    const End end(device);
    const bench::BareDrop program;
    const int attached = end.device().netns().run([&] {
        return bpf_xdp_attach(static_cast<int>(end.device().ifindex()), program.fd(),
                              XDP_FLAGS_DRV_MODE | XDP_FLAGS_UPDATE_IF_NOEXIST, nullptr);
    });
    if (attached != 0)
        throw std::runtime_error(fmt::format("cannot attach to {}: {}", device, std::strerror(-attached)));
}

void measure(const std::string& from, const std::string& to, std::uint32_t frames, std::uint16_t sources) {
    const End sending(from);
    const End receiving(to);
    const bench::Receiver receiver(receiving.device(), receiver_cpu);
    const bench::Sender sender(sending.device(), receiving.device(), sender_cpu, sources);
    const auto before = receiver.read();
    sender.send(frames);
    receiver.settle();
    const auto after = receiver.read();
    fmt::print("{{\"packets\": {}, \"busy_nanoseconds\": {}}}\n", after.packets - before.packets,
               after.busy_nanoseconds - before.busy_nanoseconds);
}

}  // namespace

int main(int argc, char** argv) {
    CLI::App app("What a frame costs the receiving end of a veth pair.");
    app.require_subcommand(1);
    std::string from;
    std::string to;
    std::uint32_t frames = 200'000;
    std::uint16_t sources = 255;

    CLI::App* send = app.add_subcommand("measure", "Send frames, and print how many came and what they cost");
    send->add_option("from", from, "NAMESPACE:DEVICE that sends")->required();
    send->add_option("to", to, "NAMESPACE:DEVICE that receives, with an XDP program or GRO on")->required();
    send->add_option("--frames", frames, "Frames to send")->capture_default_str();
    send->add_option("--sources", sources, "Source addresses they have")->capture_default_str();
    CLI::App* drop = app.add_subcommand("bare-drop", "Attach an XDP program that only drops");
    drop->add_option("device", to, "NAMESPACE:DEVICE")->required();
    CLI11_PARSE(app, argc, argv);

    try {
        if (drop->parsed())
            attach_bare_drop(to);
        else
            measure(from, to, frames, sources);
    } catch (const std::exception& exception) {
        fmt::print(stderr, "xdpctl-bench-live: {}\n", exception.what());
        return 1;
    }
    return 0;
}
