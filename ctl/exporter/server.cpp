// SPDX-License-Identifier: BSD-2-Clause
#include "exporter/server.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <prometheus/exposer.h>
#include <sys/socket.h>

#include <cerrno>
#include <charconv>
#include <exception>
#include <optional>
#include <string_view>

#include "base/fd.h"

namespace xdpctl::exporter {

namespace {

// Scrapes at a time: those of two servers and of a person.
constexpr std::size_t threads = 4;

struct Address {
    std::string host;  // as it was written, brackets included
    std::uint16_t port = 0;
    sockaddr_storage socket{};
    socklen_t size = 0;
};

std::optional<Address> parse(std::string_view text) {
    const std::size_t colon = text.rfind(':');
    if (colon == std::string_view::npos)
        return std::nullopt;
    Address out{.host = std::string(text.substr(0, colon))};
    const std::string_view port = text.substr(colon + 1);
    const auto [stop, error] = std::from_chars(port.data(), port.data() + port.size(), out.port);
    if (error != std::errc{} || stop != port.data() + port.size())
        return std::nullopt;
    if (auto* ipv4 = reinterpret_cast<sockaddr_in*>(&out.socket);
        ::inet_pton(AF_INET, out.host.c_str(), &ipv4->sin_addr) == 1) {
        ipv4->sin_family = AF_INET;
        ipv4->sin_port = htons(out.port);
        out.size = sizeof *ipv4;
        return out;
    }
    if (!out.host.starts_with('[') || !out.host.ends_with(']'))
        return std::nullopt;
    auto* ipv6 = reinterpret_cast<sockaddr_in6*>(&out.socket);
    if (::inet_pton(AF_INET6, out.host.substr(1, out.host.size() - 2).c_str(), &ipv6->sin6_addr) != 1)
        return std::nullopt;
    ipv6->sin6_family = AF_INET6;
    ipv6->sin6_port = htons(out.port);
    out.size = sizeof *ipv6;
    return out;
}

// The HTTP library does not say why it cannot listen: this does.
Status try_binding(const Address& address, const std::string& what) {
    const Fd socket(::socket(address.socket.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0));
    const int on = 1;
    ::setsockopt(socket.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (::bind(socket.get(), reinterpret_cast<const sockaddr*>(&address.socket), address.size) == 0 &&
        ::listen(socket.get(), 1) == 0)
        return {};
    // Neither address nor port is an object of the filter: no kind but this one.
    auto failed = fail_errno(errno, what, "choose another address with --listen");
    failed.error().kind = ErrorKind::Failed;
    return failed;
}

}  // namespace

Server::Server(std::unique_ptr<prometheus::Exposer> exposer, std::shared_ptr<Collector> collector, std::string address)
    : collector_(std::move(collector)), exposer_(std::move(exposer)), address_(std::move(address)) {}
Server::Server(Server&&) noexcept = default;
Server::~Server() = default;

Result<Server> Server::listen(const std::string& address, std::shared_ptr<Collector> collector) {
    const auto parsed = parse(address);
    if (!parsed)
        return fail(ErrorKind::Usage, fmt::format("'{}' is no address to listen on", address), {},
                    "it looks like 127.0.0.1:9780 or [::1]:9780");
    const std::string what = fmt::format("cannot listen on {}", address);
    XDPCTL_TRY(try_binding(*parsed, what));
    try {
        auto exposer = std::make_unique<prometheus::Exposer>(address, threads);
        exposer->RegisterCollectable(collector);
        std::string listening = fmt::format("{}:{}", parsed->host, exposer->GetListeningPorts().front());
        return Server(std::move(exposer), std::move(collector), std::move(listening));
    } catch (const std::exception& error) {
        return fail(ErrorKind::Failed, what, error.what());
    }
}

}  // namespace xdpctl::exporter
