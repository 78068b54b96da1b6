// SPDX-License-Identifier: BSD-2-Clause
// One netlink conversation: requests with the kernel's own words when it refuses, and dumps.
#pragma once

#include <libmnl/libmnl.h>
#include <linux/netlink.h>

#include <array>
#include <expected>
#include <functional>
#include <memory>
#include <string>

#include "base/error.h"

namespace xdpctl::kernel {

// Why the kernel refused a request.
struct NetlinkRefusal {
    int error = 0;        // errno
    std::string message;  // extended acknowledgement, may be empty

    // As an Error: the kernel's message, if it gave one, is the cause.
    [[nodiscard]] std::unexpected<Error> fail(std::string what, std::string next = {}) const;
};

// A message being built: header, then attributes by libmnl's mnl_attr_put_*.
class NetlinkMessage {
public:
    NetlinkMessage(std::uint16_t type, std::uint16_t flags) : header_(mnl_nlmsg_put_header(buffer_.data())) {
        header_->nlmsg_type = type;
        header_->nlmsg_flags = static_cast<std::uint16_t>(NLM_F_REQUEST | flags);
    }
    NetlinkMessage(const NetlinkMessage&) = delete;
    NetlinkMessage& operator=(const NetlinkMessage&) = delete;

    // Room for the family's fixed header, zeroed.
    template <typename Header>
    Header& extra() {
        return *static_cast<Header*>(mnl_nlmsg_put_extra_header(header_, sizeof(Header)));
    }
    [[nodiscard]] nlmsghdr* get() { return header_; }

private:
    alignas(nlmsghdr) std::array<char, 4096> buffer_{};
    nlmsghdr* header_;
};

class NetlinkSocket {
public:
    using Handler = std::function<void(const nlmsghdr&)>;

    // In the calling thread's network namespace, where it stays.
    [[nodiscard]] static Result<NetlinkSocket> open(int protocol = NETLINK_ROUTE);

    // Sends the message and waits for the answer; `handler` sees every data message of it.
    [[nodiscard]] std::expected<void, NetlinkRefusal> talk(NetlinkMessage& message, const Handler& handler = {});

private:
    struct Closer {
        void operator()(mnl_socket* socket) const { mnl_socket_close(socket); }
    };
    explicit NetlinkSocket(std::unique_ptr<mnl_socket, Closer> socket) : socket_(std::move(socket)) {}

    std::unique_ptr<mnl_socket, Closer> socket_;
    std::uint32_t sequence_ = 0;
};

template <typename Action>
int visit_attribute(const nlattr* attribute, void* action) {
    (*static_cast<Action*>(action))(mnl_attr_get_type(attribute), attribute);
    return MNL_CB_OK;
}
// Calls `action(type, attribute)` for each attribute in a message, `offset` bytes behind its netlink header, or in a
// nest.
template <typename Action>
void for_each_attribute(const nlmsghdr& message, std::size_t offset, Action action) {
    mnl_attr_parse(&message, static_cast<unsigned>(offset), visit_attribute<Action>, &action);
}
template <typename Action>
void for_each_nested(const nlattr* nest, Action action) {
    mnl_attr_parse_nested(nest, visit_attribute<Action>, &action);
}

}  // namespace xdpctl::kernel
