// SPDX-License-Identifier: BSD-2-Clause
#include "kernel/netlink.h"

#include <linux/netlink.h>
#include <linux/rtnetlink.h>

#include <cerrno>
#include <vector>

namespace xdpctl::kernel {

namespace {

constexpr std::size_t receive_size = 32768;  // what the kernel fills at most in one part of a dump

struct Conversation {
    const NetlinkSocket::Handler& handler;
    NetlinkRefusal refusal;
};

int on_data(const nlmsghdr* message, void* data) {
    if (const auto& handler = static_cast<Conversation*>(data)->handler)
        handler(*message);
    return MNL_CB_OK;
}

// NLMSG_ERROR: the errno, the request (or just its header, when capped), then attributes of the extended
// acknowledgement.
int on_error(const nlmsghdr* message, void* data) {
    const auto* error = static_cast<const nlmsgerr*>(mnl_nlmsg_get_payload(message));
    if (error->error == 0)
        return MNL_CB_STOP;
    NetlinkRefusal& refusal = static_cast<Conversation*>(data)->refusal;
    refusal.error = -error->error;
    if ((message->nlmsg_flags & NLM_F_ACK_TLVS) != 0) {
        std::size_t skip = sizeof *error;
        if ((message->nlmsg_flags & NLM_F_CAPPED) == 0)
            skip += mnl_nlmsg_get_payload_len(&error->msg);
        for_each_attribute(*message, skip, [&](unsigned type, const nlattr* attribute) {
            if (type == NLMSGERR_ATTR_MSG)
                refusal.message = mnl_attr_get_str(attribute);
        });
    }
    errno = refusal.error;
    return MNL_CB_ERROR;
}

}  // namespace

std::unexpected<Error> NetlinkRefusal::fail(std::string what, std::string next) const {
    std::unexpected<Error> out = fail_errno(error, std::move(what), std::move(next));
    if (!message.empty())
        out.error().cause = message;
    return out;
}

Result<NetlinkSocket> NetlinkSocket::open(int protocol) {
    std::unique_ptr<mnl_socket, Closer> socket(mnl_socket_open2(protocol, SOCK_CLOEXEC));
    if (!socket || mnl_socket_bind(socket.get(), 0, MNL_SOCKET_AUTOPID) != 0)
        return fail_errno(errno, "cannot open a netlink socket");
    int on = 1;
    // Without these the kernel says less; that is no reason to fail.
    (void)mnl_socket_setsockopt(socket.get(), NETLINK_EXT_ACK, &on, sizeof on);
    (void)mnl_socket_setsockopt(socket.get(), NETLINK_CAP_ACK, &on, sizeof on);
    return NetlinkSocket(std::move(socket));
}

std::expected<void, NetlinkRefusal> NetlinkSocket::talk(NetlinkMessage& message, const Handler& handler) {
    nlmsghdr* request = message.get();
    request->nlmsg_seq = ++sequence_;
    // A dump ends with NLMSG_DONE; anything else with the acknowledgement asked for here.
    if ((request->nlmsg_flags & NLM_F_DUMP) != NLM_F_DUMP)
        request->nlmsg_flags |= NLM_F_ACK;
    if (mnl_socket_sendto(socket_.get(), request, request->nlmsg_len) < 0)
        return std::unexpected(NetlinkRefusal{errno, {}});

    Conversation conversation{handler, {}};
    std::array<mnl_cb_t, NLMSG_ERROR + 1> control{};
    control[NLMSG_ERROR] = on_error;
    std::vector<char> buffer(receive_size);
    int more = MNL_CB_OK;
    while (more > MNL_CB_STOP) {
        const ssize_t size = mnl_socket_recvfrom(socket_.get(), buffer.data(), buffer.size());
        if (size < 0)
            return std::unexpected(NetlinkRefusal{errno, {}});
        more =
            mnl_cb_run2(buffer.data(), static_cast<std::size_t>(size), sequence_, mnl_socket_get_portid(socket_.get()),
                        on_data, &conversation, control.data(), control.size());
    }
    if (more < MNL_CB_STOP) {
        if (conversation.refusal.error == 0)
            conversation.refusal.error = errno;
        return std::unexpected(std::move(conversation.refusal));
    }
    return {};
}

}  // namespace xdpctl::kernel
