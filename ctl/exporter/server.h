// SPDX-License-Identifier: BSD-2-Clause
// The metrics over HTTP, at /metrics.
#pragma once

#include <cstddef>
#include <memory>
#include <string>

#include "base/error.h"
#include "exporter/collector.h"

namespace prometheus {
class Exposer;
}

namespace xdpctl::exporter {

class Server {
public:
    // "127.0.0.1:9780", "[::1]:9780"; port 0 takes a free one. Errors: Usage for what is no such address; Failed when
    // it cannot be listened on.
    [[nodiscard]] static Result<Server> listen(const std::string& address, std::shared_ptr<Collector> collector);

    Server(Server&&) noexcept;
    ~Server();  // ends the connections

    [[nodiscard]] const std::string& address() const { return address_; }

private:
    Server(std::unique_ptr<prometheus::Exposer> exposer, std::shared_ptr<Collector> collector, std::string address);

    std::shared_ptr<Collector> collector_;
    std::unique_ptr<prometheus::Exposer> exposer_;
    std::string address_;
};

}  // namespace xdpctl::exporter
